#include "daemon/server/session.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/dispatch.hpp>

#include "daemon/server/admission.hpp"
#include "lib/base/free_memory.hpp"
#include "lib/base/require.hpp"

namespace posthaste {

namespace {

// A refused body up to this size is read and dropped, so that the connection can go on.
constexpr std::uint64_t largest_dropped_body = 1 * MiB;
// Behind a head there is always this much room, so that a chunked body can be read without moving the head.
constexpr std::size_t room_behind_head = 1 * KiB;
// What an idle connection keeps of each buffer for its next request.
constexpr std::size_t most_memory_kept = 16 * KiB;
// A body gets as much room again as it has filled, between these.
constexpr std::uint64_t least_body_room = 16 * KiB;
constexpr std::uint64_t most_body_room = 64 * KiB;
// An announced body up to this size is never moved. Address space costs nothing until it is filled.
constexpr std::uint64_t least_body_space = 1 * MiB;

}  // namespace

session::session(stream socket, std::optional<std::uint16_t> port, std::shared_ptr<server_context> shared)
    : socket_(std::move(socket)), shared_(std::move(shared)), port_(port) {}

session::~session() {
    close();
}

void session::start(stream socket, std::optional<std::uint16_t> port, std::shared_ptr<server_context> shared) {
    const auto executor = socket.get_executor();
    const auto end_on_our_thread = [executor](session* ended) {
        boost::asio::dispatch(executor, [owned = std::unique_ptr<session>(ended)] {});
    };
    const std::shared_ptr<session> begun(new session(std::move(socket), port, std::move(shared)), end_on_our_thread);
    begun->shared_->connections.enter(*begun, activity::reading_head);
    begun->since_ = begun->shared_->clock.steady();
    begun->read();
}

void session::enter(phase next, activity now) {
    phase_ = next;
    since_ = shared_->clock.steady();
    shared_->connections.move(*this, now);
}

void session::advance() {
    if (advancing_) return;  // an answer was given at once: the loop below goes on
    advancing_ = true;
    bool more = true;
    while (more) {
        if (phase_ == phase::idle || phase_ == phase::reading_head)
            more = take_head();
        else if (phase_ == phase::reading_body)
            more = take_body();
        else
            more = false;
    }
    advancing_ = false;
}

bool session::take_head() {
    if (buffer_.unread().empty()) {
        buffer_.shrink();
        return wait_for_bytes(phase::idle, activity::idle);
    }
    fresh_ = false;
    switch (scanner_.scan(buffer_.unread())) {
        case head_scanner::state::incomplete:
            return wait_for_bytes(phase::reading_head, activity::reading_head);
        case head_scanner::state::malformed:
            head_ = {};
            return fail(malformed_head(scanner_.fault()));
        case head_scanner::state::too_large:
            head_ = {};
            return fail(head_too_large());
        case head_scanner::state::complete:
            break;
    }
    return begin_request();
}

bool session::begin_request() {
    buffer_.keep_room_behind(scanner_.size(), room_behind_head);
    const host_form form = port_ ? host_form::name : host_form::any;
    if (std::optional<problem> wrong = check_scanned_head(buffer_.unread().substr(0, scanner_.size()), head_, form))
        return fail(std::move(*wrong));
    result<handler*, problem> admitted = admit(head_, *shared_, port_, caller_);
    if (!admitted) return refuse(std::move(admitted).error());
    handler_ = *admitted;
    if (head_.has_body() && shared_->bodies.is_full()) return fail(no_room_for_bodies());
    return begin_body();
}

// The head alone earned a refusal. A small body is read first, as the peer sends it anyway.
bool session::refuse(problem why) {
    if (why.close || head_.expect_continue || head_.content_length.value_or(0) > largest_dropped_body) {
        if (head_.has_body()) return fail(std::move(why));
    }
    refusal_ = std::move(why);
    return begin_body();
}

bool session::begin_body() {
    if (!head_.has_body()) return body_complete(scanner_.size());
    if (head_.chunked) chunks_ = chunked_body(refusal_ ? largest_dropped_body : limit_on_the_wire(head_, *handler_));
    body_left_ = head_.content_length.value_or(0);
    span_bytes_ = 0;
    note_body_bytes(buffer_.unread().size() - scanner_.size());
    if (head_.expect_continue && buffer_.unread().size() == scanner_.size()) send_continue();
    if (phase_ == phase::closed) return false;
    phase_ = phase::reading_body;
    return true;
}

bool session::take_body() {
    return head_.chunked ? take_chunked_body() : take_sized_body();
}

bool session::take_sized_body() {
    const std::size_t head_size = scanner_.size();
    const std::string_view arrived = buffer_.unread().substr(head_size);
    const std::string_view here = arrived.substr(0, std::min<std::uint64_t>(body_left_, arrived.size()));
    if (!keep(here.size())) return fail(no_room_for_bodies());
    if (!refusal_ && !here.empty()) {
        body_.append(here);
        body_received_ = body_.size();
    }
    body_left_ -= here.size();
    if (body_left_ == 0) return body_complete(head_size + here.size());
    if (!make_room_in_body()) return fail(no_room_for_bodies());
    buffer_.truncate(head_size);
    return wait_for_bytes(phase::reading_body, activity::reading_body);
}

bool session::take_chunked_body() {
    const std::size_t head_size = scanner_.size();
    const std::size_t before = body_.size();
    const chunked_body::state now = chunks_.decode(buffer_.unread().substr(head_size), body_);
    if (!keep(body_.size() - before)) return fail(no_room_for_bodies());
    if (refusal_) body_.clear();
    switch (now) {
        case chunked_body::state::complete:
            return body_complete(head_size + chunks_.used());
        case chunked_body::state::malformed:
            return fail(malformed_head(chunks_.fault()));
        case chunked_body::state::too_large:
            return fail(refusal_ ? *std::exchange(refusal_, {}) : body_too_large(*handler_));
        case chunked_body::state::incomplete:
            break;
    }
    buffer_.truncate(head_size);
    return wait_for_bytes(phase::reading_body, activity::reading_body);
}

// Takes what a body needs from the budget; a body that is dropped needs nothing.
bool session::keep(std::uint64_t body_bytes) {
    return refusal_ || take_memory(body_bytes);
}

bool session::take_memory(std::uint64_t bytes) {
    if (phase_ == phase::closed || !shared_->bodies.take(bytes)) return false;
    budget_taken_ += bytes;
    return true;
}

bool session::body_complete(std::size_t request_bytes) {
    request_bytes_ = request_bytes;
    enter(phase::handling, activity::busy);
    if (refusal_)
        answer(*std::exchange(refusal_, {}));
    else
        handler_->handle(shared_from_this());
    return true;
}

// The connection ends with this problem. Always true: the loop finds out by the phase.
bool session::fail(problem why) {
    why.close = true;
    enter(phase::handling, activity::busy);
    answer(why);
    return true;
}

bool session::wait_for_bytes(phase next, activity now) {
    if (phase_ != next || doing() != now) enter(next, now);
    read();
    return false;
}

void session::read() {
    if (reading_) return;
    reading_ = true;
    into_body_ = phase_ == phase::reading_body && !head_.chunked && !refusal_;
    std::span<char> room = into_body_ ? std::span(body_).subspan(body_received_) : buffer_.room();
    // What is behind a body that is dropped belongs to the next request.
    if (phase_ == phase::reading_body && !head_.chunked)
        room = room.first(std::min<std::uint64_t>(room.size(), body_left_));
    socket_.async_read_some(boost::asio::buffer(room.data(), room.size()),
                            [self = shared_from_this()](const boost::system::error_code& failed, std::size_t count) {
                                self->on_read(failed, count);
                            });
}

// A body of an announced length is read to where it stays. Its memory grows with what really comes, and counts from
// when it is there, not from when it is filled.
bool session::make_room_in_body() {
    if (refusal_ || body_.size() > body_received_) return true;
    const std::uint64_t step = std::min(body_left_, std::clamp(body_received_, least_body_room, most_body_room));
    if (!keep(step)) return false;
    if (body_.capacity() < body_received_ + step)
        body_.reserve(body_received_ + std::min(body_left_, std::max(body_received_, least_body_space)));
    body_.resize(body_received_ + step);
    return true;
}

void session::on_read(const boost::system::error_code& failed, std::size_t count) {
    reading_ = false;
    if (phase_ == phase::closed) return;
    if (failed) return close();
    if (phase_ == phase::lingering) {
        buffer_.consume(buffer_.unread().size());
        return read();
    }
    if (phase_ == phase::handling || phase_ == phase::writing) return;  // a deadline was quicker than these bytes
    if (phase_ == phase::reading_body) note_body_bytes(count);
    if (into_body_) {
        body_received_ += count;
        body_left_ -= count;
    } else {
        buffer_.received(count);
    }
    advance();
}

void session::send_continue() {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::system::error_code failed;
    const std::size_t sent = socket_.write_some(boost::asio::buffer(go_on), failed);
    if (failed || sent < go_on.size()) close();  // a peer that does not even read this
}

void session::answer(response what) {
    if (phase_ == phase::closed) return;
    REQUIRE(phase_ == phase::handling, "an exchange is answered exactly once");
    closing_ = what.close;
    send(what.status, what.content_type, what.fields, what.body);
}

void session::answer(const problem& what) {
    if (phase_ == phase::closed) return;
    REQUIRE(phase_ == phase::handling, "an exchange is answered exactly once");
    if (shared_->options.refused) shared_->options.refused(head_, what);
    closing_ = what.close;
    std::string fields = what.fields;
    if (what.retry_after) fields += "Retry-After: " + std::to_string(what.retry_after->count()) + "\r\n";
    if (!what.allow.empty()) fields += "Allow: " + what.allow + "\r\n";
    if (what.wants_token) fields += "WWW-Authenticate: Bearer\r\n";
    send(what.status, "application/problem+json", fields, to_json(what));
}

void session::send(unsigned status, std::string_view content_type, std::string_view fields, std::string_view body) {
    closing_ = closing_ || !head_.keep_alive || shared_->stopping;
    out_.clear();
    append_head(out_, {.status = status,
                       .minor_version = head_.minor_version,
                       .keep_alive = !closing_,
                       .date = shared_->clock.date(),
                       .content_type = content_type,
                       .content_length = body.size(),
                       .fields = fields});
    if (head_.method != "HEAD") out_ += body;
    // Nearly every answer fits the socket's buffer: written here, it costs neither a handler nor a turn of the loop.
    boost::system::error_code failed;
    written_ = socket_.write_some(boost::asio::buffer(out_), failed);
    if (failed && failed != boost::asio::error::would_block) return close();
    if (written_ == out_.size()) return answered();
    if (!hold(out_.size())) return close();
    enter(phase::writing, activity::writing);
    write_rest();
}

// What a peer does not take of its answer counts as a body does, as large as the larger of the two.
bool session::hold(std::uint64_t bytes) {
    return bytes <= budget_taken_ || take_memory(bytes - budget_taken_);
}

void session::write_rest() {
    socket_.async_write_some(boost::asio::buffer(out_.data() + written_, out_.size() - written_),
                             [self = shared_from_this()](const boost::system::error_code& failed, std::size_t count) {
                                 if (self->phase_ == phase::closed) return;
                                 if (failed) return self->close();
                                 self->written_ += count;
                                 self->since_ = self->shared_->clock.steady();
                                 if (self->written_ == self->out_.size()) return self->written();
                                 self->write_rest();
                             });
}

void session::answered() {
    forget_request();
    if (closing_) return linger();
    buffer_.consume(request_bytes_);
    scanner_.reset();
    phase_ = phase::idle;
    advance();
}

void session::forget_request() {
    handler_ = nullptr;
    refusal_.reset();
    if (head_.fields.capacity() > 64) head_ = {};
    if (out_.capacity() > most_memory_kept) free_memory_of(out_);
    if (reading_) return;  // perhaps into the body, which counts until the connection has ended
    shared_->bodies.give_back(std::exchange(budget_taken_, 0));
    if (body_.capacity() > most_memory_kept)
        free_memory_of(body_);
    else
        body_.clear();
    body_received_ = 0;
}

void session::linger() {
    boost::system::error_code ignored;
    socket_.shutdown(stream::shutdown_send, ignored);
    enter(phase::lingering, activity::lingering);
    if (reading_) return;
    buffer_.consume(buffer_.unread().size());
    read();
}

void session::close() {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    boost::system::error_code ignored;
    socket_.close(ignored);
    shared_->bodies.give_back(std::exchange(budget_taken_, 0));
    shared_->connections.leave(*this);
    source_.reset();
}

}  // namespace posthaste
