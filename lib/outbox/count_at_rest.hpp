// How many events an outbox holds that no daemon uses, by its own books, without a change to any of its files.
//
// Any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace posthaste {

struct events_at_rest {
    std::uint64_t pending = 0;
    std::uint64_t dead = 0;
};

// Empty where nothing certain can be said: a write-ahead log waits to be copied by the next start, or the file cannot
// be read.
[[nodiscard]] std::optional<events_at_rest> count_at_rest(const std::string& path);

}  // namespace posthaste
