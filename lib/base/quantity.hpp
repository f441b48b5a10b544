// Durations and sizes as people write them in the configuration and read them in messages (README, "Configuration").
//
// Pure. Durations: an unsigned decimal number (a fraction is fine) and one of ms s m h d, together whole milliseconds
// and at most 36500 days (more would not fit the clocks). Sizes: an unsigned decimal whole number and one of B KiB MiB
// GiB TiB, below 2^64. No spaces; plain numbers are refused for both (but "0s" and "0B" are fine).

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/time.hpp"

namespace posthaste {

[[nodiscard]] std::optional<milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

// Whether it is written as one, and means more than there can be.
[[nodiscard]] bool is_endless_duration(std::string_view text);
[[nodiscard]] bool is_endless_size(std::string_view text);

// The largest unit that shows the value exactly, days from two on: 90 s → "90s", 120 s → "2m", 24 h → "24h",
// 48 h → "2d"; 0 → "0s". `value` must not be negative.
[[nodiscard]] std::string duration_text(milliseconds value);
// The largest unit that shows the value exactly: 1048576 → "1MiB"; 0 → "0B".
[[nodiscard]] std::string size_text(std::uint64_t bytes);
// 1204 → "1,204".
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace posthaste
