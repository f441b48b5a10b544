#include "daemon/server/refusals.hpp"

namespace posthaste {

namespace {

problem unavailable(std::string_view name, seconds retry_after, std::string_view detail) {
    return {.status = 503, .name = name, .detail = std::string(detail), .retry_after = retry_after};
}

}  // namespace

problem problem_of(refusal why) {
    switch (why) {
        case refusal::queue_full:
            return unavailable("queue-full", seconds{10},
                               "The queue is full: the upstream has not taken events as fast as they came. Nothing was "
                               "stored; send this event again later, or raise queue.max_events or queue.max_bytes.");
        case refusal::disk_full:
            return unavailable("disk-full", seconds{30},
                               "The disk that holds the queue has less free space than queue.disk_reserve. Nothing was "
                               "stored; make room, and send this event again.");
        case refusal::store_unavailable:
            return unavailable(
                "store-unavailable", seconds{5},
                "The store could not write this event: it may or may not have been stored. Send it again "
                "once the daemon is back.");
        case refusal::shutting_down:
            return unavailable("shutting-down", seconds{5},
                               "The daemon is shutting down and takes no more events. Nothing was stored; send this "
                               "event again once it is back.");
        case refusal::key_reused:
            return {.status = 422,
                    .name = "idempotency-key-reused",
                    .detail =
                        "This Idempotency-Key came within the last 24 hours with another path or body. Nothing was "
                        "stored; give each request a key of its own, and repeat a request with exactly the bytes "
                        "it had."};
        case refusal::busy:
            return unavailable(
                "busy", seconds{1},
                "More events are waiting to be written than the daemon has room for. Nothing was stored; "
                "send this event again in a moment.");
    }
    return unavailable("store-unavailable", seconds{5}, "The event could not be stored. Send it again.");
}

}  // namespace posthaste
