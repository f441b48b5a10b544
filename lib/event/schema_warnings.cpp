#include "lib/event/schema_warnings.hpp"

#include "lib/base/text.hpp"
#include "lib/event/schema_checker.hpp"

namespace posthaste {

namespace {

std::string listed(const std::vector<field_error>& errors) {
    std::string text;
    for (const field_error& each : errors)
        text += (text.empty() ? "" : "; ") + printable(each.pointer) + " " + each.detail;
    return errors.size() < schema_checker::most_warnings ? text : text + "; and perhaps more";
}

}  // namespace

std::optional<std::string> schema_warnings::note(const envelope& mismatched, steady_time now) {
    const auto held_back = guards_[mismatched.event].admit(now);
    if (!held_back) return std::nullopt;
    std::string line =
        "data that was posted for \"" + printable(mismatched.event) +
        "\" does not fit its schema, which does not stop it as \"schemas\" is \"warn\": " + listed(mismatched.mismatch);
    if (*held_back > 0) line += " (" + std::to_string(*held_back) + " more such events since the last such line)";
    return line;
}

std::optional<steady_time> schema_warnings::due() const {
    std::optional<steady_time> first;
    for (const auto& [event, guard] : guards_) {
        const auto next = guard.due();
        if (next && (!first || *next < *first)) first = next;
    }
    return first;
}

std::vector<std::string> schema_warnings::held_back(steady_time now) {
    std::vector<std::string> lines;
    for (auto& [event, guard] : guards_) {
        const auto next = guard.due();
        if (!next || *next > now) continue;
        lines.push_back(std::to_string(*guard.admit(now)) + " more events that were posted for \"" + printable(event) +
                        "\" did not fit its schema since the last such line");
    }
    return lines;
}

}  // namespace posthaste
