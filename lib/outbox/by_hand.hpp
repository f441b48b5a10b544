// What a person asks of events: which ones, to be sent again or removed.
//
// Answered a slice at a time, so that no commit is held up by many; the number where one ended is where the next goes
// on. Values; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/outbox/types.hpp"

namespace posthaste {

// Events with a body in one state, after < number ≤ through, that match all that is given.
struct selection_request {
    event_state state = event_state::dead;  // dead or pending
    std::string name{};                     // empty: any
    std::string user_id{};                  // empty: any
    std::optional<death_reason> reason{};   // of dead ones
    std::optional<wall_time> died_by{};     // of dead ones: not later
    sequence after = 0;
    sequence through = max_sequence;
    std::size_t limit = 500;
};

struct selection_page {
    std::vector<sequence> numbers;
    sequence newest = 0;  // the latest event of all, as of this page
    sequence last = 0;    // everything after the request's `after` up to here was looked at
    bool reached_end = false;
};

struct dead_request {
    enum class kind { retry, discard };

    kind what = kind::retry;
    selection_request which{};  // dead ones; of those that match, a slice is taken
};

struct dead_report {
    std::size_t done = 0;
    std::size_t skipped = 0;  // damaged rows, which cannot be sent
    sequence last = 0;        // everything up to here was looked at
    bool reached_end = false;
    bool disk_full = false;  // nothing was done
};

}  // namespace posthaste
