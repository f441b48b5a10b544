// A token bucket: so many a second on average, and at most a fiftieth of a second's worth at once, so that a second
// never has noticeably more than its share.
//
// Pure: the caller passes the time. Not thread-safe.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "lib/base/time.hpp"

namespace posthaste {

class token_bucket {
  public:
    // Empty: as many as are asked for. Keeps what is in it, so that a reload gives nothing away.
    void limit(std::optional<std::uint32_t> a_second) {
        every_ = a_second ? std::optional(std::chrono::nanoseconds(seconds{1}) / *a_second) : std::nullopt;
    }

    // When the next token is there; a time that is over means now.
    [[nodiscard]] steady_time next() const noexcept { return every_ ? next_ : steady_time{}; }

    // Takes a token, which must be there.
    void take(steady_time now) noexcept {
        if (every_) next_ = std::max(next_, now - burst()) + *every_;
    }

  private:
    [[nodiscard]] std::chrono::nanoseconds burst() const noexcept {
        return std::max(std::chrono::nanoseconds(milliseconds{20}) - *every_, std::chrono::nanoseconds{0});
    }

    std::optional<std::chrono::nanoseconds> every_;
    steady_time next_{};
};

}  // namespace posthaste
