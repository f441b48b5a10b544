// Accepts connections, keeps their number bounded, and sweeps their deadlines a few times a second: no timer per
// connection, and none at all while there is no connection. Deadlines are never early, and late by two sweeps at most.
//
// Belongs to one io_context's thread. Host, Origin, the token and the shared body budget are judged in its sessions
// before a handler sees a request. At `connections`, and out of file descriptors, the longest-idle connection is closed
// to make room, else the one whose head or body is incomplete the longest (connection_table.hpp). A connection waits
// while all others are busy with requests that were read. Out of what the whole host shares (ENFILE), it pauses and
// goes on.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/server/handler.hpp"
#include "daemon/server/passed_sockets.hpp"
#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

struct listener_options {
    listen_settings listen;
    limit_settings limits;
    std::function<instant()> now;
    milliseconds sweep_every{250};
    // Of all bodies together, that are being received or wait for their answer (body_budget.hpp).
    // More where the largest event that limits.body lets in could not be imported otherwise.
    std::uint64_t body_bytes = 64 * MiB;
    // Hears of every problem before it is answered; without a valid head that one is empty.
    std::function<void(const request_head&, const problem&)> refused{};
    std::vector<passed_socket> passed{};  // where there are any, nothing else is opened
};

class listener {
  public:
    // `routes` and `io` must outlive the listener and its sessions.
    listener(boost::asio::io_context& io, listener_options options, router& routes);
    ~listener();

    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    // Binds and listens on all addresses, or takes the sockets over that were passed. A taken port or socket: exit 75
    // with the address and what to do.
    [[nodiscard]] result<void, start_failure> open();
    // The addresses that are listened on, with the ports really taken: "http://127.0.0.1:8650", "unix:/PATH".
    [[nodiscard]] std::vector<std::string> addresses() const;
    // Begins to accept.
    void start();
    // Other limits, Host names (listen.allowed_hosts) and tokens, for the connections and requests that come from now
    // on; no request that was begun is dropped. The addresses stay.
    void reconfigure(const limit_settings& limits, const listen_settings& listen);
    // Closes the listening sockets and idle connections; requests already read get their answers, then their
    // connections close. A connection that was used, or came, within the last second gets that second to the end, so
    // that a request which is on its way is answered, too. `done` runs once no connection is left.
    void stop(std::function<void()> done);

  private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace posthaste
