// An answer in parts (RFC 9112, section 7.1): the next part is asked for once the peer's system took the one before, so
// that a slow reader costs the memory of one part and nothing else. HTTP/1.0 knows no chunks: there the connection's
// end is the body's.

#include <charconv>
#include <utility>

#include "daemon/server/session.hpp"
#include "lib/base/require.hpp"

namespace posthaste {

void session::answer_in_parts(response head, std::shared_ptr<body_source> body) {
    if (phase_ == phase::closed) return;
    REQUIRE(phase_ == phase::handling, "an exchange is answered exactly once");
    closing_ = head.close || !head_.keep_alive || shared_->stopping || head_.minor_version == 0;
    out_.clear();
    append_head(out_, {.status = head.status,
                       .minor_version = head_.minor_version,
                       .keep_alive = !closing_,
                       .date = shared_->clock.date(),
                       .content_type = head.content_type,
                       .content_length = std::nullopt,
                       .fields = head.fields});
    if (head_.method != "HEAD") source_ = std::move(body);
    written_ = 0;
    enter(phase::writing, activity::writing);
    write_rest();
}

void session::written() {
    if (source_) return next_part();
    answered();
}

void session::next_part() {
    source_->next([self = shared_from_this()](std::string part) { self->send_part(std::move(part)); });
}

void session::send_part(std::string part) {
    if (phase_ == phase::closed) return;
    const bool last = part.empty();
    const std::string trailer = last ? source_->trailer() : "";
    if (last) source_.reset();
    out_.clear();
    written_ = 0;
    since_ = shared_->clock.steady();
    if (head_.minor_version == 0) {
        out_ = std::move(part);
    } else if (last) {
        out_.append("0\r\n").append(trailer).append("\r\n");
    } else {
        char size[16];
        const auto digits = std::to_chars(size, size + sizeof size, part.size(), 16);
        out_.append(size, digits.ptr).append("\r\n").append(part).append("\r\n");
    }
    if (out_.empty()) return answered();
    if (!hold(out_.size())) return close();
    write_rest();
}

}  // namespace posthaste
