// Decides what one answer of the upstream means for the event that was sent (README, "What an answer means").
//
// Pure: no I/O, no clock. Any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.hpp"

namespace posthaste {

// How one attempt ended.
struct attempt_outcome {
    std::optional<int> status;  // of the final answer; empty: no answer came, or a broken one
    std::string message;        // why it is no success, safe to show, at most 1 KiB; may be empty for a 2xx
    std::optional<milliseconds>
        retry_after{};       // the answer's Retry-After (RFC 9110, 10.2.3), from now on; as it stands
    bool timed_out = false;  // no answer, or no connection, within its time
};

enum class verdict {
    delivered,
    retry,  // the upstream or the way to it is in trouble: a counted attempt, again after a backoff
    dead,   // the upstream refuses this event and would refuse it again
    pause,  // the set-up is at fault (key, URL): no event is to blame, so the attempt is never counted
};

// A 409 may mean that an earlier request of this event is still being processed; so many in a row are taken as
// delivered.
inline constexpr std::uint32_t conflicts_that_deliver = 3;

// `conflicts_before`: how many answers 409 in a row this event got right before this one.
[[nodiscard]] verdict judge(std::optional<int> status, std::uint32_t conflicts_before) noexcept;

}  // namespace posthaste
