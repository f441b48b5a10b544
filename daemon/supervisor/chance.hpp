// The two things that are handed to everything else: the time and random numbers.

#pragma once

#include <cstdint>
#include <functional>

#include "lib/base/time.hpp"

namespace posthaste {

// Reads both clocks. Any thread.
[[nodiscard]] instant read_clocks();

// A generator of 64 random bits, seeded by the system. Each belongs to the one thread that calls it.
[[nodiscard]] std::function<std::uint64_t()> seeded_random();

}  // namespace posthaste
