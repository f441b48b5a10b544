// One event's story for a person: what happened to it, why it is where it is, and what would make it go.
//
// Pure; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "lib/base/time.hpp"

namespace posthaste {

// The pending events of the same user that were acknowledged before this one.
struct earlier_events {
    std::uint64_t count = 0;
    std::string first_id;  // of the very first
    bool known = false;    // false: too many to look at, or not to be told
};

struct told_event {
    nlohmann::json facts;               // as GET /v1/events/{id} has them; may be anything
    nlohmann::json upstream = nullptr;  // as GET /v1/status has it; null: not to be told
    earlier_events earlier{};
};

// Paragraphs of plain sentences. Whatever the facts hold, what is shown is harmless.
[[nodiscard]] std::vector<std::string> event_story(const told_event& event, wall_time now);

// The data as they were posted, in lines of their own, each harmless; a large one is cut, and the last line says so.
[[nodiscard]] std::vector<std::string> data_lines(std::string_view raw_data);

}  // namespace posthaste
