// Feeds the watchdog while every loop answers, and keeps the line that `systemctl status` shows true.
//
// A beat is one question that goes round. It begins on the accept thread; the store thread answers it behind whatever
// it is at (a commit, a checkpoint), the delivery thread behind its own work, and it is back on the accept thread. Only
// then is the watchdog fed, and only then does the next beat begin. So one loop that is stuck ends the feeding, and
// systemd kills the process and starts it again. The first beat begins at the start, and each further one after a rest.
// Without a service manager there is no beat, and nothing wakes.
//
// Belongs to the accept thread.

#pragma once

#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/server/status_source.hpp"
#include "daemon/supervisor/service_manager.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

class heartbeat {
  public:
    // `manager` and `accept` must outlive this.
    heartbeat(boost::asio::io_context& accept, const service_manager& manager, status_source source);

    heartbeat(const heartbeat&) = delete;
    heartbeat& operator=(const heartbeat&) = delete;

    void start();
    // No further beat; one that is under way is not waited for.
    void stop();
    // The service manager was told another line meanwhile: the next beat tells the state's again.
    void overwritten() { told_.clear(); }

  private:
    void rest();
    void ask();
    void answered(const store_status& store, const upstream_report& upstream);

    const service_manager& manager_;
    status_source source_;
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
    std::string told_;
};

// How long it rests between two beats, `watchdog` being the time within which it has to be fed.
[[nodiscard]] milliseconds rest_between_beats(std::optional<milliseconds> watchdog);

// "1,204 pending, upstream up, 312/s", and what a person has to do about the configuration.
[[nodiscard]] std::string status_line(const store_status& store, const upstream_report& upstream,
                                      const configuration_state& configuration);

}  // namespace posthaste
