#include "daemon/commands/refused_lines.hpp"

#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

#include "daemon/commands/refusal_text.hpp"
#include "lib/base/text.hpp"
#include "lib/event/envelope.hpp"

namespace posthaste {

namespace {

// "/3/data/a" → 3 and "/data/a".
struct event_pointer {
    std::size_t event = 0;
    std::string within;
};

std::optional<event_pointer> event_pointer_of(const std::string& pointer) {
    event_pointer found;
    const char* end = pointer.data() + pointer.size();
    if (!pointer.starts_with('/')) return std::nullopt;
    const auto [behind, failed] = std::from_chars(pointer.data() + 1, end, found.event);
    if (failed != std::errc{} || (behind != end && *behind != '/')) return std::nullopt;
    found.within.assign(behind, end);
    return found;
}

// The daemon tells the place in the whole request, which nobody wrote; the line says it once more by itself.
std::string malformed_line(std::size_t event, const event_piece& piece, const line_source& lines) {
    const auto place = lines.place(piece.line_number(event));
    const auto read = read_envelope(piece.line(event), {});
    if (read || read.error().what != envelope_fault::kind::malformed_json) return place + ": malformed JSON";
    return place + ":" + std::to_string(read.error().column) + ": malformed JSON: " + read.error().reason;
}

}  // namespace

std::vector<std::string> refused_lines(const daemon_answer& answer, const event_piece& piece,
                                       const line_source& lines) {
    const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
    if (text_of(problem, "type") == "urn:posthaste:problem:malformed-json") {
        const auto line = problem.find("line");
        if (line == problem.end() || !line->is_number_unsigned()) return {};
        const auto event = line->get<std::size_t>() - 1;
        if (event >= piece.events()) return {};
        return {malformed_line(event, piece, lines)};
    }
    std::vector<std::string> found;
    if (!problem.is_object() || !problem.contains("errors") || !problem["errors"].is_array()) return found;
    for (const auto& error : problem["errors"]) {
        const auto pointer = event_pointer_of(text_of(error, "pointer"));
        if (!pointer || pointer->event >= piece.events()) continue;
        const std::string within = pointer->within.empty() ? "" : printable(pointer->within) + " ";
        found.push_back(lines.place(piece.line_number(pointer->event)) + ": " + within +
                        printable(text_of(error, "detail"), 1024));
    }
    return found;
}

}  // namespace posthaste
