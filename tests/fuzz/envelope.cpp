// A body that is taken is JSON to others, too, and says what was read of it. The input is an event's body.

#include "lib/event/envelope.hpp"

#include <set>

#include <nlohmann/json.hpp>

#include "lib/base/require.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/text.hpp"

namespace posthaste {
namespace {

using nlohmann::json;

constexpr auto ticket =
    R"({"name": "String", "n?": ["Integer"], "at": "Date?", "by": {"id": "Number", "vip": "Boolean?"}})";

event_catalog make_catalog(bool strict) {
    event_catalog catalog;
    catalog.schemas.emplace("Ticket", fuzz::schema_of(ticket));
    catalog.schemas.emplace("e", fuzz::schema_of(R"({"a": "Any", "b": "Array?", "c": "Object?"})"));
    catalog.reject_unknown_fields = strict;
    catalog.reject_unknown_events = strict;
    return catalog;
}

const event_catalog& strict() {
    static const event_catalog catalog = make_catalog(true);
    return catalog;
}

const event_catalog& lenient() {
    static const event_catalog catalog = make_catalog(false);
    return catalog;
}

// What we refuse beyond RFC 8259, by the beginnings of its reasons.
bool is_stricter_than_json(std::string_view reason) {
    for (const std::string_view ours : {"an object has two members", "objects and arrays are nested",
                                        "the text begins with a byte order mark", "there is a NUL byte"})
        if (reason.starts_with(ours)) return true;
    return false;
}

// What the other parser lets pass: two members of one name, and any depth.
bool is_strict(std::string_view text) {
    bool strict = true;
    std::vector<std::set<std::string>> names;  // of the objects and arrays that are open
    const auto look = [&](int, json::parse_event_t at, json& parsed) {
        using enum json::parse_event_t;
        if (at == object_start || at == array_start) names.emplace_back();
        if (at == object_end || at == array_end) names.pop_back();
        if (at == key) strict = names.back().insert(parsed.get<std::string>()).second && strict;
        strict = strict && names.size() <= max_json_depth;
        return true;
    };
    return !json::parse(text, look, false).is_discarded() && strict;
}

void judge_taken(const envelope& read, const json& body) {
    REQUIRE(body.is_object() && body.at("data").is_object(), "an event is an object with an object");
    REQUIRE(body.at("event") == read.event && body.at("userId") == read.user_id, "the names are those of the body");
    REQUIRE(!read.event.empty() && read.event.size() <= max_name_bytes, "an event's name has its bounds");
    REQUIRE(!read.user_id.empty() && read.user_id.size() <= max_name_bytes, "so has the user's id");
}

bool same(const result<envelope, envelope_fault>& a, const result<envelope, envelope_fault>& b) {
    if (a.has_value() != b.has_value()) return false;
    if (a) return a->event == b->event && a->user_id == b->user_id;
    const auto& left = a.error();
    const auto& right = b.error();
    if (left.what != right.what || left.detail != right.detail || left.errors.size() != right.errors.size())
        return false;
    for (std::size_t i = 0; i < left.errors.size(); ++i)
        if (left.errors[i].pointer != right.errors[i].pointer || left.errors[i].detail != right.errors[i].detail)
            return false;
    return true;
}

// "event" before data is checked while data is read, "event" behind it by reading data a second time.
void judge_order_of_members(const json& body) {
    const std::string event = "\"event\":" + body.at("event").dump();
    const std::string data = "\"data\":" + body.at("data").dump();
    const std::string user = ",\"userId\":\"u\"}";
    const auto before = read_envelope("{" + event + "," + data + user, strict());
    const auto behind = read_envelope("{" + data + "," + event + user, strict());
    REQUIRE(same(before, behind), "the order of the members makes no difference");
}

void mark_strings(json& value, const std::string& mark) {
    if (value.is_string()) value = mark;
    if (value.is_structured())
        for (auto& each : value)
            mark_strings(each, mark);
}

// No message quotes a value of the body.
void judge_discretion(json body) {
    const std::string mark = "a value that is nobody's business";
    mark_strings(body["data"], mark);
    const auto read = read_envelope(body.dump(), strict());
    if (read) return;
    REQUIRE(read.error().detail.find(mark) == std::string::npos, "the summary quotes no value");
    for (const field_error& error : read.error().errors)
        REQUIRE((error.pointer + error.detail).find(mark) == std::string::npos, "and neither does an error");
}

void judge(std::string_view input, const event_catalog& catalog) {
    const auto read = read_envelope(input, catalog);
    const json body = json::parse(input, nullptr, false);
    if (read) {
        REQUIRE(!body.is_discarded(), "what is taken is JSON to others, too");
        REQUIRE(is_strict(input), "and strict JSON");
        return judge_taken(*read, body);
    }
    const envelope_fault& fault = read.error();
    fuzz::judge_fault(fault, input);
    if (fault.what == envelope_fault::kind::malformed_json)
        REQUIRE(body.is_discarded() || is_stricter_than_json(fault.reason),
                "what is JSON to others is refused for a reason");
    else
        REQUIRE(!body.is_discarded(), "only JSON is looked at any closer");
}

}  // namespace

void try_input(std::string_view input) {
    judge(input, lenient());
    judge(input, strict());
    const auto read = read_envelope(input, lenient());
    const bool taken = read.has_value();
    REQUIRE(taken || !read_envelope(input, strict()).has_value(), "what the lenient refuse, the strict refuse, too");
    if (!taken && read.error().what != envelope_fault::kind::schema_mismatch) return;
    const json body = json::parse(input);
    judge_order_of_members(body);
    judge_discretion(body);
}

}  // namespace posthaste
