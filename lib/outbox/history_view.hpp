// All that is kept, whatever its state, in the order of numbers: for listings and exports (rule 4).
//
// The three tables are merged by their keys; nothing is sorted and no index is needed. Each page looks at 500 rows at
// most, so that it never holds a commit up. Belongs to the store's thread.

#pragma once

#include <array>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class history_view {
  public:
    // One kept event, as far as all tables know it.
    struct row {
        sequence number = 0;
        event_state state = event_state::pending;
        uuid id;
        std::string name;
        std::string user_id;
        wall_time received_at;
        wall_time delivered_at;  // where it is delivered
        bool sound = true;       // its columns are of the right types
    };

    static constexpr std::size_t slice_rows = 500;

    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);
    // The next rows below a number, downwards; fewer than slice_rows: there are no more.
    [[nodiscard]] result<std::vector<row>, sqlite_error> below(sequence before, std::optional<event_state> state);
    // The numbers of the next rows with a body above a number, upwards, and which of them are dead.
    [[nodiscard]] result<std::vector<row>, sqlite_error> above(sequence after, std::optional<event_state> state);

  private:
    [[nodiscard]] static row read(const sqlite_rows& from);
    [[nodiscard]] static result<std::vector<row>, sqlite_error> read_all(sqlite_rows rows);

    // By state, and all of them last.
    std::array<sqlite_statement, 4> below_;
    std::array<sqlite_statement, 4> above_;
};

}  // namespace posthaste
