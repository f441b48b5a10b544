// What delivery tells in the log: an event's death, and trouble with the upstream (once, where it repeats at most once
// a minute with a count, and once when it is over). Never a body, a key or what the upstream wrote; at debug each
// attempt can be followed by the event's id. Belongs to the delivery thread.

#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/log.hpp"
#include "lib/base/time.hpp"
#include "lib/delivery/delivery_machine.hpp"
#include "lib/delivery/verdict.hpp"

namespace posthaste {

class delivery_log {
  public:
    void died(const report_death& death);

    void attempt_starts(const pending_event& event, std::uint32_t retries);
    void attempt_ended(const pending_event& event, const attempt_outcome& outcome);

    // Events that are known to wait; `more`: and others on disk.
    struct backlog {
        std::size_t waiting = 0;
        bool more = false;
    };
    // An attempt failed, and the upstream is up all the same.
    void attempt_failed(const attempt_outcome& outcome, backlog left, steady_time now);
    void upstream_delivered();
    void upstream_changed(const upstream_report& report, backlog left, steady_time now);

    // At a stop: so many attempts have no answer yet.
    void gave_up(std::uint32_t attempts);

  private:
    repeat_guard failures_;
    repeat_guard holds_;
    repeat_guard openings_;
    bool in_trouble_ = false;  // and the log says so
};

}  // namespace posthaste
