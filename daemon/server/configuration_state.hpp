// What became of the configuration while the daemon runs, for GET /v1/status.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.hpp"

namespace posthaste {

struct configuration_state {
    struct reload {
        wall_time at;
        std::vector<std::string> problems;  // empty: it succeeded; else nothing of it is in force
        std::string needs_restart{};        // "queue.path needs a restart"; empty: all of it is in force
    };

    wall_time loaded_at{};  // what is in force
    std::optional<reload> last_reload{};
};

}  // namespace posthaste
