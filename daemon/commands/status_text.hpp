// The state of the daemon at a glance, in words: what GET /v1/status and GET /readyz tell.
//
// Pure; any thread.

#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "daemon/commands/terminal.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

struct status_line {
    std::string label;
    std::string text;
    paint colour = paint::none;  // of the label
};

// `status` and `readiness` may be anything: what is missing is left out or 0, and what they hold is made printable.
[[nodiscard]] std::vector<status_line> status_lines(const nlohmann::json& status, const nlohmann::json& readiness,
                                                    wall_time now);

// The labels in a column of their own, the texts wrapped beside them; as lines that fit the screen.
[[nodiscard]] std::vector<std::string> laid_out(const std::vector<status_line>& lines, const screen& on);

}  // namespace posthaste
