// How much may be sent at once and in a time, at most: the concurrency that is set, the adaptive window that begins at
// four, and again at one after each stop, and the rate limit.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "lib/delivery/upstream_health.hpp"
#include "tests/simulation/promises.hpp"

namespace posthaste::simulation {

class send_limits {
  public:
    void begin(const health_rules& rules);
    void change_rules(const health_rules& rules);

    // `running`: attempts in flight, this one included. Returns its serial.
    std::uint64_t started(steady_time now, std::size_t running, bool probe, promises& kept);
    void succeeded(std::uint64_t serial);
    void overloaded(std::uint64_t serial);
    void stopped();

    // When the rate limit lets something start, at the latest.
    [[nodiscard]] steady_time latest_start() const;

  private:
    void check_rate(steady_time now, promises& kept) const;

    health_rules rules_;
    std::uint32_t size_ = 0;       // of the window, at most
    std::uint32_t successes_ = 0;  // since it grew
    std::uint64_t next_serial_ = 0;
    std::uint64_t ignore_below_ = 0;       // of before the last halving or stop
    std::deque<steady_time> starts_;       // the last ones under this rate limit
    std::chrono::nanoseconds slowest_{0};  // a token's time, under any limit of this run
    steady_time last_start_{};
};

}  // namespace posthaste::simulation
