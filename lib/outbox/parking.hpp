// Parked events: by lane and number, so that the next one of a lane is found without an index on the events (rule 4).
//
// Written by failures and floods only (rule 2). A row goes when its event is settled; one that a crash left behind
// stands for no event, and goes when its lane is read.

#pragma once

#include <optional>
#include <string>
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
    [[nodiscard]] sqlite_result forget(std::string_view user_id, sequence number) {
        return forget_.run(user_id, number);
    }

    struct lane {
        std::string user_id;
        sequence first = 0;
    };
    // The first lane by user id, or the first one after `after`: one step into the table, however long the lanes are.
    [[nodiscard]] result<std::optional<lane>, sqlite_error> next_lane(const std::optional<std::string>& after);

  private:
    sqlite_statement any_;
    sqlite_statement park_;
    sqlite_statement next_;
    sqlite_statement forget_;
    sqlite_statement first_lane_;
    sqlite_statement next_lane_;
};

}  // namespace posthaste
