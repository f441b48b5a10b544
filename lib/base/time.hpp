// Time points as values; of lib/ only the log reads a clock, to everybody else the caller hands the time in.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The calendar: what is stored and shown. May jump either way.
using wall_time = std::chrono::sys_time<milliseconds>;

// The monotonic clock: what waits are measured by. Means nothing in another process.
using steady_time = std::chrono::steady_clock::time_point;

// Both clocks, read at one moment.
struct instant {
    wall_time wall;
    steady_time steady;
};

// RFC 3339 in UTC with milliseconds: "2026-11-23T13:05:09.042Z". What lies outside the years 0000 to 9999 becomes the
// nearest time inside.
[[nodiscard]] std::string to_rfc3339(wall_time time);

// An RFC 3339 date-time (any offset, any fraction, "T"/"t", "Z"/"z") of a real calendar day, cut to milliseconds; a
// leap second (":60", only at the end of a UTC day) is taken as the following second. Empty when it is none.
[[nodiscard]] std::optional<wall_time> parse_rfc3339(std::string_view text);

}  // namespace posthaste
