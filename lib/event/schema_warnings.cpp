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

}  // namespace posthaste
