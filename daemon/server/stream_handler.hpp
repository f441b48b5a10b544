// GET /v1/stream: how things stand, told as Server-Sent Events for as long as somebody listens.
//
// First the rates of the last 15 minutes and the status, then the status every second; with ?rates=each the rates of
// each 5 s, too, as they are over. One round of questions a second serves all listeners; without any there is none.
// A listener that has not yet taken what it was told last is left out of a round: it costs the memory of one part,
// however slow it is, and gets the rates that it missed later. One whose token is no longer good is told no more.

#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/status_handler.hpp"
#include "lib/config/access_scope.hpp"
#include "lib/metrics/rate_history.hpp"

namespace posthaste {

// Asks for the delivered events; the reply runs later, on the listener's thread.
using delivered_source = std::function<void(std::function<void(rate_history)> reply)>;

class stream_handler final : public reading_handler {
  public:
    static constexpr std::size_t most_listeners = 16;

    // `io` is the listener's; `status` and `accepted` must outlive the handler. `tokens`: those in force.
    stream_handler(boost::asio::io_context& io, const status_handler& status, const rate_window& accepted,
                   delivered_source delivered, std::function<instant()> now, access_tokens tokens);
    ~stream_handler() override;

    void handle(std::shared_ptr<exchange> request) override;
    // Streams that these tokens do not open end at the next beat.
    void reconfigure(access_tokens tokens) { tokens_ = std::move(tokens); }
    // Every stream ends, and none begins any more.
    void stop();

  private:
    class stream;
    struct news;
    enum class audience { all, newcomers };
    using timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                                    boost::asio::io_context::executor_type>;
    using auto_unlinked = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    void keep_beating();
    template <class Condition>
    void end_where(const Condition& condition);
    void ask(audience whom);
    void tell(audience whom, const news& what);

    const status_handler& status_;
    const rate_window& accepted_;
    delivered_source delivered_;
    std::function<instant()> now_;
    access_tokens tokens_;
    boost::intrusive::list<stream, boost::intrusive::base_hook<auto_unlinked>,
                           boost::intrusive::constant_time_size<false>>
        streams_;
    timer beat_;
    bool beating_ = false;
    bool asking_ = false;
    bool stopping_ = false;
};

}  // namespace posthaste
