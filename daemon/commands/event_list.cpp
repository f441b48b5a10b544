#include "daemon/commands/event_list.hpp"

#include <nlohmann/json.hpp>

#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/spoken.hpp"
#include "daemon/commands/text_table.hpp"

namespace posthaste {

namespace {

paint colour_of(const std::string& state, std::uint64_t attempts) {
    if (state == "dead") return paint::red;
    if (state == "delivered") return paint::green;
    return attempts > 0 ? paint::yellow : paint::none;
}

// "rejected 422: no such user"; of a pending event without the first word.
std::string why(const nlohmann::json& event) {
    std::string text = text_of(event, "reason");
    const auto& error = member_of(event, "lastError");
    const auto add = [&](const char* gap, const std::string& part) {
        if (!part.empty()) text += (text.empty() ? "" : gap) + part;
    };
    if (const auto status = number_of(error, "status")) add(" ", std::to_string(*status));
    add(": ", text_of(error, "message"));
    return text;
}

}  // namespace

std::string event_list(const nlohmann::json& events, wall_time now, const screen& on) {
    text_table table(
        {{"ID"}, {"STATE", 0, 1}, {"AGE", 0, 3}, {"TRIES", 0, 6}, {"EVENT", 8, 2}, {"USER", 8, 5}, {"WHY", 12, 4}});
    for (const auto& each : events) {
        const std::string state = text_of(each, "state");
        const auto attempts = number_of(each, "attempts").value_or(0);
        table.add({{text_of(each, "id")},
                   {state, colour_of(state, attempts)},
                   {short_age(text_of(each, "receivedAt"), now)},
                   {std::to_string(attempts)},
                   {text_of(each, "event")},
                   {text_of(each, "userId")},
                   {why(each)}});
    }
    return table.empty() ? "" : table.text(on);
}

}  // namespace posthaste
