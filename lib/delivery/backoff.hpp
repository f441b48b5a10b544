// How long an event waits after its n-th failed attempt: uniform(d/2, d) with d = min(max, initial · 2^(n-1)).
//
// The jitter keeps the events of one outage from coming back all at once. Pure: the random number is handed in. Any
// thread.

#pragma once

#include <cstdint>

#include "lib/base/time.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// d: the longest wait after `failures` failed attempts (1, 2, 3 …); never under 1 ms, whatever is configured.
[[nodiscard]] milliseconds longest_backoff(const retry_settings& retry, std::uint32_t failures) noexcept;

// The wait itself. `random`: 64 random bits.
[[nodiscard]] milliseconds backoff(const retry_settings& retry, std::uint32_t failures, std::uint64_t random) noexcept;

}  // namespace posthaste
