// Parked events: by lane and number, so that the next one of a lane is found without an index on the events (rule 4).
//
// A row is worth something in the run that parked it only: each run's scheduler visits every pending event once and
// parks anew. Rows of earlier runs go when a page hands their events out.

#pragma once

#include <vector>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class parking {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);

    [[nodiscard]] result<bool, sqlite_error> empty();
    [[nodiscard]] sqlite_result park(const parked_event& what) { return park_.run(what.user_id, what.number); }
    // The lane's next numbers, after < number < below, in order.
    [[nodiscard]] result<std::vector<sequence>, sqlite_error> next(std::string_view user_id, sequence after,
                                                                   sequence below, std::size_t limit);
    // Of one lane, first ≤ number ≤ last.
    [[nodiscard]] sqlite_result forget(std::string_view user_id, sequence first, sequence last) {
        return forget_.run(user_id, first, last);
    }

  private:
    sqlite_statement any_;
    sqlite_statement park_;
    sqlite_statement next_;
    sqlite_statement forget_;
};

}  // namespace posthaste
