// Durations and sizes as people write them in the configuration and read them in messages (README, "Configuration").
//
// Pure. Durations: an unsigned decimal number (a fraction is fine) and one of ms s m h d. Sizes: an unsigned decimal
// whole number and one of B KiB MiB GiB TiB. No spaces; plain numbers are refused for both (but "0s" and "0B" are
// fine).

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

// The largest unit that shows the value exactly: 90 s → "90s", 120 s → "2m", 24 h → "24h"; 0 → "0s".
[[nodiscard]] std::string duration_text(milliseconds value);
// The largest unit that shows the value exactly: 1048576 → "1MiB"; 0 → "0B".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace posthaste
