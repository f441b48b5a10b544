// Events per second over the last 10 s, counted in buckets of one second; and what there was before, as history.
//
// Pure: the time is handed in. Memory and cost are fixed. Belongs to one thread.

#pragma once

#include <array>
#include <cstdint>

#include "lib/base/time.hpp"
#include "lib/metrics/rate_history.hpp"

namespace posthaste {

class rate_window {
  public:
    static constexpr seconds length{10};

    // `now` never goes back between calls; a time that does is taken as the latest one.
    void add(steady_time now, std::uint64_t count = 1);
    // The oldest second counts by the part of it that is still within the window, so that a steady flow reads steadily.
    [[nodiscard]] double per_second(steady_time now) const;
    [[nodiscard]] const rate_history& history() const noexcept { return history_; }

  private:
    // The second that is being counted, and the ten before it.
    static constexpr std::int64_t bucket_count = length.count() + 1;

    [[nodiscard]] std::uint64_t counted_in(std::int64_t second) const;

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::int64_t latest_ = 0;  // the second of the latest add
    bool counting_ = false;
    rate_history history_;
};

}  // namespace posthaste
