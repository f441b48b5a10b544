// The upstream as delivery sees it, for people: what GET /v1/status shows of it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct upstream_report {
    std::string state = "up";  // up | held | open | paused
    std::optional<std::string> reason{};
    std::optional<wall_time> since{};
    std::optional<wall_time> next_probe_at{};
    std::uint32_t concurrency = 0;  // attempts that may run at once
    std::uint32_t in_flight = 0;
    std::optional<attempt_error> last_error{};
    double delivered_per_second = 0;  // over the last 10 s
};

}  // namespace posthaste
