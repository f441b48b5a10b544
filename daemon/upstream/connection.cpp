#include "daemon/upstream/connection.hpp"

#include <array>
#include <utility>

#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/http/error.hpp>
#include <sys/socket.h>

#include "daemon/upstream/tls.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"
#include "lib/delivery/answer_text.hpp"
#include "lib/http/retry_after.hpp"

namespace posthaste {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_size = 4 * 1024;
constexpr std::size_t most_unread = 64 * 1024;  // the parser bounds a head by itself, and bodies do not stay

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

connection::connection(asio::io_context& io, std::shared_ptr<upstream_route> route, connection_owner& owner)
    : route_(std::move(route)), peer_(*route_->peer), owner_(owner), socket_(io.get_executor()) {}

void connection::open(attempt what) {
    attempt_ = what;
    phase_ = phase::resolving;
    connect_deadline_ = deadline_ = steady_now() + peer_.connect_timeout;
    route_->addresses.lookup(
        [self = shared_from_this()](const error_code& failed, const address_book::addresses& found) {
            if (self->phase_ != phase::resolving) return;
            if (failed) {
                self->fail("cannot find the address of " + self->peer_.next_host + ": " + failed.message());
                return;
            }
            self->addresses_ = found;
            self->phase_ = phase::connecting;
            self->connect_next();
        });
}

// Each address gets its share of the time, so that one that swallows packets does not hide the others.
void connection::connect_next() {
    const auto now = steady_now();
    const auto left = static_cast<int>(addresses_.size() - next_address_);
    deadline_ = now + (connect_deadline_ - now) / left;
    const auto& address = addresses_[next_address_++];
    socket_.async_connect(address, [self = shared_from_this(), number = ++connects_](const error_code& failed) {
        if (self->phase_ == phase::connecting && number == self->connects_) self->on_connected(failed);
    });
}

void connection::on_connected(const error_code& failed) {
    if (failed) {
        error_code ignored;
        socket_.close(ignored);
        if (next_address_ < addresses_.size() && steady_now() < connect_deadline_) {
            connect_next();
            return;
        }
        route_->addresses.forget();
        const bool timed_out = failed == asio::error::timed_out;
        const std::string why =
            timed_out ? "no answer within " + duration_text(peer_.connect_timeout) : failed.message();
        fail("cannot connect to " + peer_.next_named + ": " + why, timed_out);
        return;
    }
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    addresses_ = {};
    deadline_ = connect_deadline_;
    if (!peer_.tunnel_request.empty())
        ask_for_tunnel();
    else if (peer_.tls)
        shake_hands();
    else
        write();
}

void connection::ask_for_tunnel() {
    phase_ = phase::tunnelling;
    open_tunnel(socket_, peer_.tunnel_request, [self = shared_from_this()](const tunnel_outcome& outcome) {
        if (self->phase_ == phase::tunnelling) self->on_tunnel(outcome);
    });
}

void connection::on_tunnel(const tunnel_outcome& outcome) {
    if (outcome.failed)
        fail("the connection to " + peer_.next_named +
             " broke before it opened the way: " + printable(outcome.failed.message()));
    else if (outcome.status / 100 != 2)
        fail(tunnel_refusal(peer_.next_named, peer_.authority, outcome.status), false,
             asks_for_credentials(outcome.status) ? std::optional(407) : std::nullopt);
    else
        shake_hands();
}

void connection::shake_hands() {
    phase_ = phase::handshaking;
    tls_.emplace(socket_, *peer_.tls);
    if (!expect_certificate_of(tls_->native_handle(), peer_.host)) {
        fail("no certificate could be valid for " + peer_.host + ": check upstream.url");
        return;
    }
    route_->sessions.attach(tls_->native_handle());
    tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& failed) {
        if (self->phase_ == phase::handshaking) self->on_handshake(failed);
    });
}

// The name may stand for another host by now, and what was agreed upon before for nothing.
void connection::on_handshake(const error_code& failed) {
    if (!failed) return write();
    route_->sessions.forget();
    route_->addresses.forget();
    fail(explain_handshake_failure(tls_->native_handle(), peer_.host, failed));
}

void connection::send(attempt what) {
    attempt_ = what;
    reused_ = true;
    write();
}

void connection::write() {
    phase_ = phase::exchanging;
    deadline_ = steady_now() + peer_.response_timeout;
    any_byte_ = false;
    written_ = false;
    parser_.emplace(body_);
    head_.clear();
    if (attempt_.event)
        peer_.head.write(head_, *attempt_.event, attempt_.retries);
    else
        peer_.head.write_lookup(head_, attempt_.lookup->path, attempt_.lookup->api_version);
    if (tls_) {
        head_ += body_to_send();  // one TLS record sequence; OpenSSL would copy it anyway
        write_rest(*tls_, asio::buffer(head_));
    } else {
        write_plain();
    }
    read();
}

std::string_view connection::body_to_send() const noexcept {
    return attempt_.event ? std::string_view(attempt_.event->what.body) : std::string_view();
}

void connection::write_plain() {
    const std::array<asio::const_buffer, 2> whole{asio::buffer(head_), asio::buffer(body_to_send())};
    error_code failed;
    const std::size_t sent = socket_.write_some(whole, failed);
    if (sent == asio::buffer_size(whole)) {
        written_ = true;
        return;
    }
    // A failed write is no verdict: an answer may have come before. The read that follows tells.
    if (failed && failed != asio::error::would_block) return;
    boost::beast::buffers_suffix<std::array<asio::const_buffer, 2>> rest(whole);
    rest.consume(sent);
    write_rest(socket_, rest);
}

template <class Stream, class Buffers>
void connection::write_rest(Stream& stream, const Buffers& rest) {
    asio::async_write(stream, rest,
                      [self = shared_from_this()](const error_code& failed, std::size_t) { self->written_ = !failed; });
}

void connection::read() {
    const auto room = received_.prepare(read_size);
    auto handler = [self = shared_from_this()](const error_code& failed, std::size_t bytes) {
        self->on_read(failed, bytes);
    };
    if (tls_)
        tls_->async_read_some(room, std::move(handler));
    else
        socket_.async_read_some(room, std::move(handler));
}

void connection::on_read(error_code failed, std::size_t bytes) {
    if (phase_ != phase::exchanging) return;
    if (failed) {
        on_read_failed(failed);
        return;
    }
    any_byte_ = true;
    received_.commit(bytes);
    if (!parse()) read();
}

bool connection::parse() {
    while (received_.size() > 0) {
        error_code failed;
        received_.consume(parser_->put(received_.data(), failed));
        const bool needs_more = failed == boost::beast::http::error::need_more;
        if (failed && !needs_more) {
            fail("the answer is not valid HTTP: " + failed.message());
            return true;
        }
        if (parser_->is_done() && parser_->is_interim()) {
            parser_.emplace(body_);
        } else if (parser_->is_done() || parser_->is_cut()) {
            answered();
            return true;
        } else if (needs_more) {
            if (received_.size() <= most_unread) return false;
            fail("the answer is not valid HTTP: a chunk's head, or a trailer, has no end");
            return true;
        }
    }
    return false;
}

void connection::on_read_failed(const error_code& failed) {
    if (!any_byte_ && reused_) {
        close();
        owner_.found_stale(*this);
        return;
    }
    const bool closed = failed == asio::error::eof || failed == asio::ssl::error::stream_truncated;
    if (closed && parser_->got_some()) {
        error_code incomplete;
        parser_->put_eof(incomplete);
        if (!incomplete && parser_->is_done()) {
            answered();
            return;
        }
        fail("the connection was closed in the middle of the answer");
        return;
    }
    fail(closed ? "the connection was closed before an answer came"
                : "the connection broke before the answer was read: " + explain_broken_session(failed));
}

void connection::answered() {
    const int status = parser_->status();
    const bool reusable = parser_->keep_alive() && !parser_->is_cut() && received_.size() == 0 && written_ &&
                          status >= 200 && status != 421;
    attempt_outcome outcome{status, {}};
    if (!parser_->retry_after().empty())
        outcome.retry_after = parse_retry_after(parser_->retry_after(), owner_.wall_now());
    if (status < 200 || status > 299) outcome.message = error_text(status, body_, peer_.api_key);
    if (attempt_.keeps_answer)
        outcome.answer = upstream_answer{parser_->content_type(), without_key(status, std::move(body_), peer_.api_key),
                                         parser_->is_cut()};
    phase_ = phase::idle;
    if (!reusable) close();
    owner_.ended(*this, std::move(outcome));
}

void connection::fail(std::string why, bool timed_out, std::optional<int> status) {
    close();
    attempt_outcome outcome{status, std::move(why)};
    outcome.timed_out = timed_out;
    owner_.ended(*this, std::move(outcome));
}

// What came unasked would be taken for the next event's answer.
bool connection::is_usable() {
    if (tls_ && (SSL_has_pending(tls_->native_handle()) == 1 || BIO_pending(SSL_get_rbio(tls_->native_handle())) > 0))
        return false;
    char byte;
    const auto found = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return found < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

void connection::check_deadline(steady_time now) {
    if (now < deadline_) return;
    switch (phase_) {
        case phase::resolving:
            fail("the address of " + peer_.next_host + " was not found within " + duration_text(peer_.connect_timeout),
                 true);
            break;
        case phase::connecting:
            on_connected(asio::error::timed_out);
            break;
        case phase::tunnelling:
            fail(peer_.next_named + " did not open the way within " + duration_text(peer_.connect_timeout), true);
            break;
        case phase::handshaking:
            fail("the TLS handshake with " + peer_.host + " did not end within " + duration_text(peer_.connect_timeout),
                 true);
            break;
        case phase::exchanging:
            fail("no whole answer within " + duration_text(peer_.response_timeout), true);
            break;
        case phase::idle:
        case phase::closed:
            break;
    }
}

void connection::close() {
    if (tls_ && (phase_ == phase::idle || phase_ == phase::exchanging))
        tls_sessions::keep_at_close(tls_->native_handle());
    phase_ = phase::closed;
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace posthaste
