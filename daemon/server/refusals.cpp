#include "daemon/server/refusals.hpp"

#include <utility>

#include "lib/base/require.hpp"

namespace posthaste {

namespace {

struct refusal_words {
    unsigned status;
    std::string_view name;
    std::optional<seconds> retry_after;
    std::string_view cause;    // without its full stop
    std::string_view to_post;  // follows the cause where an event was posted: what became of it, and what to do
    std::string_view when;     // to do it again, where it was something else
};

refusal_words words_of(refusal why) {
    switch (why) {
        case refusal::queue_full:
            return {503,
                    "queue-full",
                    seconds{10},
                    "The queue is full: the upstream has not taken events as fast as they came",
                    ". Nothing was stored; send this event again later, or raise queue.max_events or queue.max_bytes.",
                    "once it has room, or raise queue.max_events or queue.max_bytes"};
        case refusal::disk_full:
            return {503,
                    "disk-full",
                    seconds{30},
                    "The disk that holds the queue has less free space than queue.disk_reserve",
                    ". Nothing was stored; make room, and send this event again.",
                    "once you have made room"};
        case refusal::store_unavailable:
            return {503,
                    "store-unavailable",
                    seconds{5},
                    "The store could not write",
                    " this event: it may or may not have been stored. Send it again once the daemon is back.",
                    "once the daemon is back"};
        case refusal::shutting_down:
            return {503,
                    "shutting-down",
                    seconds{5},
                    "The daemon is shutting down",
                    " and takes no more events. Nothing was stored; send this event again once it is back.",
                    "once it is back"};
        case refusal::key_reused:
            return {422,
                    "idempotency-key-reused",
                    {},
                    "This Idempotency-Key came within the last 24 hours with another path or body",
                    ". Nothing was stored; give each request a key of its own, and repeat a request with exactly the "
                    "bytes it had.",
                    "with a key of its own"};
        case refusal::busy:
            return {503,
                    "busy",
                    seconds{1},
                    "More events are waiting to be written than the daemon has room for",
                    ". Nothing was stored; send this event again in a moment.",
                    "in a moment"};
    }
    require_failed("refusal", "no such reason", __FILE__, __LINE__);
}

problem told(const refusal_words& words, std::string detail) {
    return {.status = words.status, .name = words.name, .detail = std::move(detail), .retry_after = words.retry_after};
}

}  // namespace

problem problem_of(refusal why) {
    const refusal_words words = words_of(why);
    return told(words, std::string(words.cause).append(words.to_post));
}

problem problem_of(refusal why, std::string_view outcome, std::string_view repeat) {
    const refusal_words words = words_of(why);
    return told(words, std::string(words.cause)
                           .append(". ")
                           .append(outcome)
                           .append(" ")
                           .append(repeat)
                           .append(" ")
                           .append(words.when)
                           .append("."));
}

problem problem_of_change(refusal why) {
    const bool unknown = why == refusal::store_unavailable;
    return problem_of(why, unknown ? "What was asked for may or may not have been done." : "Nothing was changed.",
                      "Repeat the call");
}

}  // namespace posthaste
