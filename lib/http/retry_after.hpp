// Reads a Retry-After field (RFC 9110, section 10.2.3): seconds, or a date in any of the three forms of section 5.6.7.
//
// Pure: the time is handed in. Any thread.

#pragma once

#include <optional>
#include <string_view>

#include "lib/base/time.hpp"

namespace posthaste {

// No answer asks for more than this: what is larger becomes it, so that no sum with it overflows.
inline constexpr milliseconds longest_retry_after = std::chrono::hours{24 * 365};

// How long from `now` on; a date that has passed is zero. Empty when it is neither seconds nor a date.
[[nodiscard]] std::optional<milliseconds> parse_retry_after(std::string_view value, wall_time now);

}  // namespace posthaste
