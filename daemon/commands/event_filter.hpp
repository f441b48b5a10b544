// Which events a command means: by their event's name, their user, the reason of their death, or by their ids.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <nlohmann/json_fwd.hpp>

namespace posthaste {

struct event_filter {
    std::optional<std::string> event;
    std::optional<std::string> user;
    std::optional<std::string> reason;

    [[nodiscard]] bool empty() const noexcept { return !event && !user && !reason; }
    // As the body of POST /v1/retry and /v1/discard has it.
    [[nodiscard]] nlohmann::ordered_json json() const;
    // As the query of GET /v1/events has it: "&event=A&userId=1"; it knows no reason.
    [[nodiscard]] std::string query() const;
    // For a question: " of the event "A" and the user "1" with the reason rejected"; "" for every event.
    [[nodiscard]] std::string words() const;
};

// --event and --user, with checks; `filter` must live until the command line was read.
void add_filter_options(CLI::App& to, event_filter& filter);
// --reason.
void add_reason_option(CLI::App& to, event_filter& filter);

// "" or what is wrong with an event's id on the command line.
[[nodiscard]] std::string event_id_fault(const std::string& text);

}  // namespace posthaste
