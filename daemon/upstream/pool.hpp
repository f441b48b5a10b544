// The connections to the upstream: one attempt each at a time, opened only when needed, the last one used first, closed
// when idle for 30 s.
//
// Where they go is told by use(), and may be told anew at any time: attempts in flight then end on their old
// connections, which are closed afterwards.
//
// Deadlines are looked at every 100 ms while attempts are in flight (a timer for each attempt would cost more than the
// attempt's own bookkeeping); with nothing in flight there is one timer for the next idle connection to close, and none
// without connections. Belongs to the io_context's thread.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/upstream/connection.hpp"
#include "daemon/upstream/peer.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

class attempt_listener {
  public:
    // Never from within upstream_pool::start().
    virtual void attempt_ended(std::uint32_t place, attempt_outcome outcome) = 0;
    // In place of that: the kept connection that it was sent over was found closed before a byte of an answer came.
    // Whoever may make it again at once does so, on a new one, and counts nothing.
    virtual void attempt_unsent(std::uint32_t place) = 0;

  protected:
    ~attempt_listener() = default;
};

class upstream_pool final : private connection_owner {
  public:
    // `now`: for its calendar, by which a Retry-After may tell a date (deadlines go by the steady clock, which is read
    // here); called on the io_context's thread.
    upstream_pool(boost::asio::io_context& io, std::function<instant()> now, attempt_listener& listener);
    ~upstream_pool();

    upstream_pool(const upstream_pool&) = delete;
    upstream_pool& operator=(const upstream_pool&) = delete;

    // Before the first start(), and whenever the upstream changes.
    void use(std::shared_ptr<const upstream_peer> peer);
    // Makes the attempt; attempt_ended() or attempt_unsent() follows, once. How many run at once is up to the caller.
    void start(attempt what, bool on_a_new_connection);
    // Closes everything; attempts in flight are given up without a word.
    void close();
    // Those that are open or about to be.
    [[nodiscard]] std::size_t connections() const noexcept { return active_.size() + idle_.size(); }

  private:
    using timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                                    boost::asio::io_context::executor_type>;
    using held = std::shared_ptr<connection>;
    enum class ticking { not_at_all, for_idle, for_deadlines };

    void ended(connection& by, attempt_outcome outcome) override;
    void found_stale(connection& by) override;
    [[nodiscard]] wall_time wall_now() const override { return now_().wall; }
    [[nodiscard]] held take_idle();
    void add_active(held used);
    [[nodiscard]] held remove_active(connection& used);
    void tick();
    void tick_for_idle();
    void wait_until(steady_time when, ticking why);
    void close_idle(steady_time now);

    boost::asio::io_context& io_;
    std::function<instant()> now_;
    attempt_listener& listener_;
    std::shared_ptr<upstream_route> route_;  // of new connections
    std::vector<held> active_;
    std::vector<held> idle_;  // the longest idle one first
    timer timer_;
    ticking ticking_ = ticking::not_at_all;
};

}  // namespace posthaste
