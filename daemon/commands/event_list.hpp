// Events as the lines of a table.
//
// Pure; any thread.

#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "daemon/commands/terminal.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

// `events`: an array as GET /v1/events has it; whatever it holds, what is shown is harmless. "" for none.
[[nodiscard]] std::string event_list(const nlohmann::json& events, wall_time now, const screen& on);

}  // namespace posthaste
