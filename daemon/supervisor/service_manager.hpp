// What systemd, or whoever else started the daemon, is told of it: sd_notify(3).
//
// Nothing is said where $NOTIFY_SOCKET is not set. Each call is one datagram, which systemd takes at once. Any thread.

#pragma once

#include <optional>
#include <string>

#include "lib/base/time.hpp"

namespace posthaste {

class service_manager {
  public:
    // Looks once whether somebody listens.
    service_manager();

    [[nodiscard]] bool listens() const noexcept { return listens_; }
    // Within which time it wants to hear alive() again and again; empty: it does not watch this process.
    [[nodiscard]] std::optional<milliseconds> watchdog() const noexcept { return watchdog_; }

    // Events are accepted; also the end of what reloading() began.
    void ready(const std::string& status) const;
    void reloading() const;
    void stopping(const std::string& status) const;
    // What `systemctl status` shows.
    void status(const std::string& text) const;
    // Feeds the watchdog.
    void alive() const;

  private:
    void tell(const std::string& state) const;

    bool listens_ = false;
    std::optional<milliseconds> watchdog_;
};

}  // namespace posthaste
