// Times and sizes as a person would say them. Pure; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/time.hpp"

namespace posthaste {

// The time as it came and how far away it is: "2026-11-23T13:05:09.042Z (about 3 min ago)", "(in about 12 s)", "(now)".
// What is no RFC 3339 time is made printable and shown alone.
[[nodiscard]] std::string spoken_time(std::string_view rfc3339, wall_time now);

// How long ago, in a few columns: "12s", "3m", "5h", "2d"; "" for what is no RFC 3339 time.
[[nodiscard]] std::string short_age(std::string_view rfc3339, wall_time now);

// "0 B", "512 B", "12.3 MiB".
[[nodiscard]] std::string spoken_size(std::uint64_t bytes);

}  // namespace posthaste
