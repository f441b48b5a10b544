// One HTTP/1.1 connection to the upstream (RFC 9112), plain or TLS, straight or through a proxy: opened for an attempt,
// then kept for the next ones, one request at a time.
//
// The request goes out as one scatter write, non-blocking first; the answer is read at the same time, as an upstream
// may answer before it has read all. There is no timer here: whoever owns the connection calls check_deadline() now and
// then. Belongs to the io_context's thread; kept alive by its operations under way; never calls its owner from within
// a call of the owner, nor after close().

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "daemon/upstream/answer_parser.hpp"
#include "daemon/upstream/route.hpp"
#include "daemon/upstream/tunnel.hpp"
#include "lib/base/time.hpp"
#include "lib/delivery/verdict.hpp"
#include "lib/identity/identity_rules.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// One event on its way, or one question. It must stay where it is until the attempt has ended.
struct attempt {
    std::uint32_t place = 0;  // the caller's own handle
    const pending_event* event = nullptr;
    const user_lookup* lookup = nullptr;  // in place of an event
    std::uint32_t retries = 0;            // attempts of this event that came before
    bool keeps_answer = false;            // the outcome has the answer
};

class connection;

class connection_owner {
  public:
    // The attempt has ended; the connection is idle when is_open(), else of no more use.
    virtual void ended(connection& by, attempt_outcome outcome) = 0;
    // The connection had answered before and was found closed before a byte of this answer came.
    virtual void found_stale(connection& by) = 0;
    // The calendar: a Retry-After may be a date.
    [[nodiscard]] virtual wall_time wall_now() const = 0;

  protected:
    ~connection_owner() = default;
};

class connection : public std::enable_shared_from_this<connection> {
  public:
    connection(boost::asio::io_context& io, std::shared_ptr<upstream_route> route, connection_owner& owner);

    // Connects, then sends.
    void open(attempt what);
    // Sends over the open, idle connection.
    void send(attempt what);
    // An idle connection is of no use once the peer closed it or sent something unasked.
    [[nodiscard]] bool is_usable();
    [[nodiscard]] bool is_open() const noexcept { return phase_ != phase::closed; }
    void check_deadline(steady_time now);
    void close();

    [[nodiscard]] const upstream_route& route() const noexcept { return *route_; }

    [[nodiscard]] const attempt& current() const noexcept { return attempt_; }

    // The owner's own notes.
    steady_time idle_since;
    std::size_t index = 0;

  private:
    using error_code = boost::system::error_code;

    enum class phase { idle, resolving, connecting, tunnelling, handshaking, exchanging, closed };

    void connect_next();
    void on_connected(const error_code& failed);
    void ask_for_tunnel();
    void on_tunnel(const tunnel_outcome& outcome);
    void shake_hands();
    void on_handshake(const error_code& failed);
    void write();
    void write_plain();
    [[nodiscard]] std::string_view body_to_send() const noexcept;
    template <class Stream, class Buffers>
    void write_rest(Stream& stream, const Buffers& rest);
    void read();
    void on_read(error_code failed, std::size_t bytes);
    // False: more has to be read.
    [[nodiscard]] bool parse();
    void on_read_failed(const error_code& failed);
    void answered();
    void fail(std::string why, bool timed_out = false, std::optional<int> status = {});

    std::shared_ptr<upstream_route> route_;
    const upstream_peer& peer_;  // the route's
    connection_owner& owner_;
    upstream_socket socket_;
    std::optional<boost::asio::ssl::stream<upstream_socket&>> tls_;
    phase phase_ = phase::idle;
    attempt attempt_;
    steady_time deadline_;          // of what is being done now
    steady_time connect_deadline_;  // of name, TCP and TLS together
    address_book::addresses addresses_;
    std::size_t next_address_ = 0;
    std::uint32_t connects_ = 0;  // tells a handler whether its connect was given up
    std::string head_;
    boost::beast::flat_buffer received_;
    std::optional<answer_parser> parser_;
    std::string body_;
    bool reused_ = false;
    bool any_byte_ = false;  // of the answer
    bool written_ = false;
};

}  // namespace posthaste
