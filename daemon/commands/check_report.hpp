// What `posthaste check` found out, step by step, and how it is shown.

#pragma once

#include <string>
#include <vector>

#include "lib/base/result.hpp"

namespace posthaste {

struct check_step {
    std::string name;                  // "queue"
    exit_code code = exit_code::done;  // done: all is well
    std::string detail;                // what is there, or what is wrong and what to do
    bool warns = false;                // done, but something should be known
    std::string facts = {};            // the detail's numbers as JSON members: "\"kills\":10"
};

using check_report = std::vector<check_step>;

// The code of the first step that failed; done when none did.
[[nodiscard]] exit_code outcome_of(const check_report& report);

// A line.
[[nodiscard]] std::string to_text(const check_step& step);
// {"ok": false, "steps": [{"name": "queue", "ok": true, "warning": false, "detail": "…", FACTS}, …]}
[[nodiscard]] std::string to_json(const check_report& report);

}  // namespace posthaste
