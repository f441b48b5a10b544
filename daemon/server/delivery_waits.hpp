// The requests whose answer is held until their event settles (Prefer: wait, RFC 7240).
//
// A wait begins before the event is stored, so that delivery knows of it before it sends the event, and ends with the
// first of: the event settled; the upstream is not up; its seconds are over; the daemon stops. In all but the first
// case the answer is the ordinary 202: the event is durable, and a client that is gone costs nothing but its connection
// until then. Belongs to the listener's thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/server/handler.hpp"
#include "daemon/server/status_source.hpp"
#include "lib/delivery/settlement_watch.hpp"

namespace posthaste {

// The 202 of one event.
[[nodiscard]] response accepted(const uuid& id);

struct delivery_waits_options {
    std::size_t most = 512;                          // that wait at once
    event_finder find;                               // answers once what was settled before is durable
    std::function<void(std::uint64_t watch)> leave;  // nobody waits for that one any more
};

class delivery_waits {
  public:
    // `io` is the listener's.
    delivery_waits(boost::asio::io_context& io, delivery_waits_options options);

    // The number to send along with the event; empty: too many wait already, or the daemon stops.
    [[nodiscard]] std::optional<std::uint64_t> begin();
    // The event was stored: the request is answered when the wait ends.
    void stored(std::uint64_t watch, std::shared_ptr<exchange> request, const uuid& id, seconds most);
    // It was not, or is an earlier one.
    void give_up(std::uint64_t watch);

    // From delivery: what became of the event.
    void ended(watched_end how);

    // Another bound.
    void reconfigure(std::size_t most) noexcept { options_.most = most; }
    // Everybody gets the ordinary answer, and nobody waits any more.
    void stop();

  private:
    using timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                                    boost::asio::io_context::executor_type>;
    struct wait {
        std::shared_ptr<exchange> request{};  // null until the event is stored
        uuid id{};
        seconds most{};
        std::unique_ptr<timer> over{};
    };

    void time_over(std::uint64_t watch);
    void conclude(wait ended, watched_end how);

    boost::asio::io_context& io_;
    delivery_waits_options options_;
    std::unordered_map<std::uint64_t, wait> waits_;
    std::uint64_t last_ = 0;
    bool stopping_ = false;
};

}  // namespace posthaste
