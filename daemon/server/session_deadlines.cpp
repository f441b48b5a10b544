// What ends a session from outside: deadlines, others who need its place, and the listener's stop.

#include "daemon/server/session.hpp"

namespace posthaste {

namespace {

constexpr seconds first_byte_limit{10};  // of a new connection
constexpr seconds idle_limit{75};        // between two requests
constexpr seconds head_limit{10};
constexpr seconds body_span{10};
constexpr std::uint64_t least_bytes_a_span = 10 * KiB;
constexpr seconds write_limit{30};  // without any progress
constexpr seconds linger_limit{1};
constexpr seconds last_request_limit{1};  // when the daemon stops

problem too_slow(std::string detail) {
    return {.status = 408, .name = "request-timeout", .detail = std::move(detail), .close = true};
}

}  // namespace

void session::check_deadline(steady_time now) {
    // since_ may lie a sweep before what it stands for, and no deadline may be early (to linger is only a courtesy).
    const auto waited = now - since_ - shared_->options.sweep_every;
    if (shared_->stopping && (phase_ == phase::idle || phase_ == phase::reading_head)) return wind_up();
    switch (phase_) {
        case phase::idle:
            if (waited >= (fresh_ ? first_byte_limit : idle_limit)) close();
            break;
        case phase::reading_head:
            if (waited >= head_limit) {
                head_ = {};  // it is still the one before
                fail(too_slow("The request line and headers were not complete within 10 s. Send them at once."));
            }
            break;
        case phase::reading_body:
            if (waited >= body_span)
                fail(too_slow("The body came at less than 1 KiB/s over 10 s. Send it without pauses."));
            break;
        case phase::writing:
            if (waited >= write_limit) close();
            break;
        case phase::lingering:
            if (now - since_ >= linger_limit) close();
            break;
        case phase::handling:
        case phase::closed:
            break;
    }
}

// A span ends with the last byte that it takes, so that what stalls behind it is given no more than one.
void session::note_body_bytes(std::size_t count) {
    span_bytes_ += count;
    if (span_bytes_ < least_bytes_a_span) return;
    since_ = shared_->clock.steady();
    span_bytes_ = 0;
}

// A request that is there already, if only in the socket, is nobody's idleness.
bool session::evict() {
    boost::system::error_code ignored;
    if (phase_ == phase::idle && socket_.available(ignored) > 0) return false;
    close();
    return true;
}

void session::wind_up() {
    switch (phase_) {
        case phase::idle:
        case phase::reading_head:
            // Who was at it a moment ago may have sent the next request just now, and what is in the socket was sent.
            if (shared_->clock.steady() - since_ >= last_request_limit) (void)evict();
            return;
        case phase::reading_body:
            fail({.status = 503,
                  .name = "shutting-down",
                  .detail = "The daemon is shutting down. Send this again once it is back.",
                  .retry_after = seconds{5},
                  .close = true});
            return;
        case phase::handling:
        case phase::writing:
            closing_ = true;
            if (source_ && source_->is_endless()) close();
            return;
        case phase::lingering:
        case phase::closed:
            return;
    }
}

}  // namespace posthaste
