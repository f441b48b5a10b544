// All that is kept, whatever its state, in the order of numbers: for listings and exports (rule 4).
//
// The three tables are merged by their keys; nothing is sorted and no index is needed. Each page looks at 500 rows at
// most, and at a run of delivered ones more, so that it never holds a commit up. Belongs to the store's thread.

#pragma once

#include <array>

#include "lib/outbox/delivered_facts.hpp"
#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class history_view {
  public:
    static constexpr std::size_t slice_rows = 500;

    // `delivered` must live as long.
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database, delivered_facts& delivered);
    // The next events below a number, downwards; fewer than slice_rows: there are no more. Of those with a body, what
    // all tables know of them, a history apart.
    [[nodiscard]] result<std::vector<kept_event>, sqlite_error> below(sequence before,
                                                                      std::optional<event_state> state);
    struct place {
        sequence number = 0;
        event_state state = event_state::pending;
    };
    // Where the next events with a body are, above a number, upwards.
    [[nodiscard]] result<std::vector<place>, sqlite_error> above(sequence after, std::optional<event_state> state);

  private:
    static constexpr std::size_t kinds = 3;  // pending, dead, both

    delivered_facts* delivered_ = nullptr;
    std::array<sqlite_statement, kinds> below_;
    std::array<sqlite_statement, kinds> above_;
};

}  // namespace posthaste
