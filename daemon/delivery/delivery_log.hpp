// What delivery tells in the log: an event's death, and trouble with the upstream (lib/delivery/trouble_story.hpp).
// Never a body, a key or what the upstream wrote; at debug each event can be followed by its id, from its first attempt
// on. Belongs to the delivery thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.hpp"
#include "lib/delivery/delivery_machine.hpp"
#include "lib/delivery/trouble_story.hpp"
#include "lib/delivery/verdict.hpp"

namespace posthaste {

class delivery_log {
  public:
    void died(const report_death& death);

    void attempt_starts(const pending_event& event, std::uint32_t retries);
    void attempt_ended(const pending_event& event, const attempt_outcome& outcome);
    void attempt_unsent(const pending_event& event);
    // What the attempt that ended last made of its event.
    void settled(const settlement& what);
    // Nothing, where that was not told: its answer was about a key that has been replaced.
    void attempt_judged();

    // An attempt failed, and the upstream is up all the same.
    void attempt_failed(const attempt_outcome& outcome, backlog left, steady_time now);
    void upstream_delivered();
    void upstream_changed(const upstream_report& report, backlog left, steady_time now);
    // When there is something to say of trouble that was held back; empty: none was.
    [[nodiscard]] std::optional<steady_time> due() const { return story_.due(); }
    void tell_held_back(const upstream_report& report, backlog left, steady_time now);

    // At a stop: so many attempts have no answer yet.
    void gave_up(std::uint32_t attempts);

  private:
    trouble_story story_;
    std::string judged_;  // the event whose attempt has just ended, by id and name; only at debug
};

}  // namespace posthaste
