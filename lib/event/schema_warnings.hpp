// What to log of events whose data does not fit their schema where that only warns ("schemas": "warn").
//
// At most one line a minute and event name, which says how many more there were since the one before; where no other
// event comes to say it with, that is said once the minute is over, for which the caller comes back (due()). A line
// names the event, the places (RFC 6901 pointers) and what was expected there, never a value. Memory: a little for each
// event that is configured. Pure; one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/log.hpp"
#include "lib/base/time.hpp"
#include "lib/event/envelope.hpp"

namespace posthaste {

class schema_warnings {
  public:
    // The line to log now, if any; `mismatched.mismatch` must not be empty.
    [[nodiscard]] std::optional<std::string> note(const envelope& mismatched, steady_time now);
    // When held_back() has something to say; empty: nothing is held back.
    [[nodiscard]] std::optional<steady_time> due() const;
    // The lines to log of those whose minute is over.
    [[nodiscard]] std::vector<std::string> held_back(steady_time now);

  private:
    std::map<std::string, repeat_guard, std::less<>> guards_;  // by event name
};

}  // namespace posthaste
