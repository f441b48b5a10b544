// Logging set-up on spdlog: one line an occurrence, to stderr; callers use spdlog::info(…) and its siblings.
//
// A log that cannot be written (stuck pipe, full disk) never blocks or fails the caller: lines wait in a bounded queue
// of spdlog's own thread, the oldest are dropped when it is full, and the number dropped is logged once there is room.
// Whatever came from outside goes through printable() (lib/base/text.hpp) first. Secrets and bodies are never logged.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/time.hpp"

namespace posthaste {

enum class log_level { debug, info, warn, error };
enum class log_format { text, json, journal };  // journal: sd-daemon(3) "<N>" priorities, no time

// Installs spdlog's default logger. Call once, before any other thread logs.
void start_logging(log_level level, log_format format);
// Another level and format, for the lines that are logged from now on. Any thread, between the two.
void change_logging(log_level level, log_format format);
// Waits for what is queued (at most 0.8 s) and stops the log's thread. Later lines go nowhere. Any thread; a second
// call does nothing.
void stop_logging();

// For trouble that repeats: lets one line through a minute and tells how many were held back since the last one.
// Not thread-safe: belongs to the thread that logs the trouble.
class repeat_guard {
  public:
    // The number of occurrences held back since the last line that was let through; empty: hold this one back too.
    [[nodiscard]] std::optional<std::uint64_t> admit(steady_time now);
    // When a line may tell of what was held back; empty: nothing was.
    [[nodiscard]] std::optional<steady_time> due() const;
    // What was held back is told by another line.
    void forget() noexcept { held_back_ = 0; }

  private:
    std::optional<steady_time> last_;
    std::uint64_t held_back_ = 0;
};

}  // namespace posthaste
