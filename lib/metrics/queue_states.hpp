// How the pending events divide into those that wait, are in flight, and wait for a retry: always the number of pending
// ones together. Pure.

#pragma once

#include <algorithm>
#include <cstdint>

namespace posthaste {

struct queue_states {
    std::uint64_t waiting = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t retrying = 0;
};

// `retrying`: pending events that failed before, those in flight included, of which there are `retries_in_flight`. What
// is pending and what is in flight is counted by two threads, a moment apart, so that neither need fit the other.
[[nodiscard]] constexpr queue_states divide(std::uint64_t pending, std::uint64_t retrying, std::uint64_t in_flight,
                                            std::uint64_t retries_in_flight) noexcept {
    queue_states states;
    states.in_flight = std::min(in_flight, pending);
    const std::uint64_t at_rest = retrying - std::min(retries_in_flight, retrying);
    states.retrying = std::min(at_rest, pending - states.in_flight);
    states.waiting = pending - states.in_flight - states.retrying;
    return states;
}

}  // namespace posthaste
