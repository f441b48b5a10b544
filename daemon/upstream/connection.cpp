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
#include "lib/delivery/answer_text.hpp"

namespace posthaste {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_size = 4 * 1024;

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

connection::connection(asio::io_context& io, upstream_peer& peer, connection_owner& owner)
    : peer_(peer), owner_(owner), socket_(io.get_executor()) {}

void connection::open(attempt what) {
    attempt_ = what;
    phase_ = phase::resolving;
    connect_deadline_ = deadline_ = steady_now() + peer_.connect_timeout;
    peer_.addresses.lookup([self = shared_from_this()](const error_code& failed, const address_book::addresses& found) {
        if (self->phase_ != phase::resolving) return;
        if (failed) {
            self->fail("cannot find the address of " + self->peer_.host + ": " + failed.message());
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
        peer_.addresses.forget();
        const std::string why = failed == asio::error::timed_out
                                    ? "no answer within " + duration_text(peer_.connect_timeout)
                                    : failed.message();
        fail("cannot connect to " + peer_.authority + ": " + why);
        return;
    }
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    addresses_ = {};
    deadline_ = connect_deadline_;
    if (peer_.tls)
        shake_hands();
    else
        write();
}

void connection::shake_hands() {
    phase_ = phase::handshaking;
    tls_.emplace(socket_, *peer_.tls);
    if (!expect_certificate_of(tls_->native_handle(), peer_.host)) {
        fail("no certificate could be valid for " + peer_.host + ": check upstream.url");
        return;
    }
    tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& failed) {
        if (self->phase_ != phase::handshaking) return;
        if (failed)
            self->fail(explain_handshake_failure(self->tls_->native_handle(), self->peer_.host, failed));
        else
            self->write();
    });
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
    peer_.head.write(head_, *attempt_.event, attempt_.retries);
    if (tls_) {
        head_ += attempt_.event->what.body;  // one TLS record sequence; OpenSSL would copy it anyway
        write_rest(*tls_, asio::buffer(head_));
    } else {
        write_plain();
    }
    read();
}

void connection::write_plain() {
    const std::array<asio::const_buffer, 2> whole{asio::buffer(head_), asio::buffer(attempt_.event->what.body)};
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
        if (failed == boost::beast::http::error::need_more) return false;
        if (failed) {
            fail("the answer is not valid HTTP: " + failed.message());
            return true;
        }
        if (parser_->is_done() && parser_->is_interim()) {
            parser_.emplace(body_);
        } else if (parser_->is_done() || parser_->is_cut()) {
            answered();
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
                : "the connection broke before the answer was read: " + failed.message());
}

void connection::answered() {
    const int status = parser_->status();
    const bool reusable = parser_->keep_alive() && !parser_->is_cut() && received_.size() == 0 && written_ &&
                          status >= 200 && status != 421;
    attempt_outcome outcome{status, {}};
    if (status < 200 || status > 299) outcome.message = error_text(status, body_);
    phase_ = phase::idle;
    if (!reusable) close();
    owner_.ended(*this, std::move(outcome));
}

void connection::fail(std::string why) {
    close();
    owner_.ended(*this, {std::nullopt, std::move(why)});
}

bool connection::is_usable() {
    char byte;
    const auto found = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return found < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

void connection::check_deadline(steady_time now) {
    if (now < deadline_) return;
    switch (phase_) {
        case phase::resolving:
            fail("the address of " + peer_.host + " was not found within " + duration_text(peer_.connect_timeout));
            break;
        case phase::connecting:
            on_connected(asio::error::timed_out);
            break;
        case phase::handshaking:
            fail("the TLS handshake with " + peer_.host + " did not end within " +
                 duration_text(peer_.connect_timeout));
            break;
        case phase::exchanging:
            fail("no whole answer within " + duration_text(peer_.response_timeout));
            break;
        case phase::idle:
        case phase::closed:
            break;
    }
}

void connection::close() {
    phase_ = phase::closed;
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace posthaste
