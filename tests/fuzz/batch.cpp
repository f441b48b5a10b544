// A batch is taken apart as others would, and into the bytes that it has. The input is a batch, in both forms.

#include <nlohmann/json.hpp>

#include "lib/base/require.hpp"
#include "lib/event/batch_reader.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/text.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using form = event_splitter::form;

constexpr std::size_t most_events = 20;
constexpr std::size_t max_event_bytes = 512;

event_catalog make_catalog() {
    event_catalog catalog;
    catalog.schemas.emplace("Ticket", fuzz::schema_of(R"({"name": "String", "n": "Integer?"})"));
    return catalog;
}

const event_catalog& known_events() {
    static const event_catalog catalog = make_catalog();
    return catalog;
}

std::vector<event_splitter::piece> pieces_of(std::string_view text, form how, bool& whole) {
    std::vector<event_splitter::piece> pieces;
    event_splitter splitter(text, how);
    std::size_t reached = 0;
    while (const auto piece = splitter.next()) {
        REQUIRE(!piece->text.empty() && fuzz::is_within(piece->text, text), "a piece lies in the text");
        REQUIRE(piece->text.data() == text.data() + piece->offset, "where its offset says");
        REQUIRE(piece->offset >= reached, "behind the piece before it");
        reached = piece->offset + piece->text.size();
        pieces.push_back(*piece);
    }
    whole = !splitter.wrong();
    if (!whole) REQUIRE(splitter.wrong()->offset <= text.size(), "a fault lies in the text");
    REQUIRE(!splitter.next(), "the end stays the end");
    return pieces;
}

// An array of JSON falls apart into its elements, whatever they are.
void judge_splitting_of_json(std::string_view text, const json& array) {
    bool whole = false;
    const auto pieces = pieces_of(text, form::array, whole);
    REQUIRE(whole && pieces.size() == array.size(), "an array has its elements");
    for (std::size_t i = 0; i < pieces.size(); ++i)
        REQUIRE(json::parse(pieces[i].text) == array[i], "each of them as it is");
}

void read_all(batch_reader& reader, std::size_t slice) {
    while (reader.read_on(slice)) {
    }
}

void judge_elements(batch_reader& reader, std::string_view text, form how) {
    const auto& elements = reader.elements();
    REQUIRE(!elements.empty() && elements.size() <= most_events, "a batch that is taken has events, and not too many");
    const char* reached = text.data();
    for (const batch_reader::element& each : elements) {
        REQUIRE(fuzz::is_within(each.body, text) && each.body.data() >= reached, "an event is a slice of the batch");
        reached = each.body.data() + each.body.size();
        REQUIRE(how == form::array || each.body.find('\n') == std::string_view::npos, "a line is one event");
        const auto alone = read_envelope(each.body, known_events());
        REQUIRE(alone && alone->event == each.read.event && alone->user_id == each.read.user_id,
                "an event of a batch is one by itself");
    }
    if (how == form::lines) return;
    const json array = json::parse(text, nullptr, false);
    REQUIRE(array.is_array() && array.size() == elements.size(), "what is taken is an array to others, too");
    for (std::size_t i = 0; i < elements.size(); ++i)
        REQUIRE(json::parse(elements[i].body) == array[i], "with these events");
}

void judge_errors(const envelope_fault& fault, std::string_view text) {
    fuzz::judge_fault(fault, text);
    for (const field_error& error : fault.errors) {
        if (error.pointer.empty()) continue;  // of the batch itself
        const std::string index = error.pointer.substr(1, error.pointer.find('/', 1) - 1);
        REQUIRE(!index.empty() && index.size() < 4 && std::stoul(index) < most_events, "an error names its event");
    }
}

bool same(const std::optional<envelope_fault>& a, const std::optional<envelope_fault>& b) {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->what == b->what && a->detail == b->detail && a->offset == b->offset &&
           a->errors.size() == b->errors.size();
}

void judge(std::string_view text, form how) {
    bool whole = false;
    (void)pieces_of(text, how, whole);
    batch_reader at_once(text, how, known_events(), {most_events, max_event_bytes});
    read_all(at_once, text.size() + 1);
    batch_reader in_slices(text, how, known_events(), {most_events, max_event_bytes});
    read_all(in_slices, 1);
    REQUIRE(at_once.too_many() == in_slices.too_many() && at_once.too_large() == in_slices.too_large() &&
                same(at_once.fault(), in_slices.fault()),
            "the slices make no difference");
    if (at_once.too_many() || at_once.too_large()) return;
    if (at_once.fault()) return judge_errors(*at_once.fault(), text);
    REQUIRE(at_once.elements().size() == in_slices.elements().size(), "nor to the events");
    REQUIRE(whole, "only what falls apart without a fault is taken");
    judge_elements(at_once, text, how);
}

}  // namespace

void try_input(std::string_view input) {
    judge(input, form::array);
    judge(input, form::lines);
    const json array = json::parse(input, nullptr, false);
    const bool hidden = input.find('\0') != std::string_view::npos || input.starts_with("\xEF\xBB\xBF");
    if (array.is_array() && !hidden) judge_splitting_of_json(input, array);
}

}  // namespace posthaste
