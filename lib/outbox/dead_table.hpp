// Events that were given up, whole, with why: kept for a person to look at.

#pragma once

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class dead_table {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);

    // Copies the event's row from `events`, damaged or not. False: there is none.
    [[nodiscard]] result<bool, sqlite_error> bury(const settlement& what);
    // The row of this number, if its id is this one.
    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> find(const uuid& id);

  private:
    sqlite_connection* database_ = nullptr;
    sqlite_statement bury_;
    sqlite_statement find_;
};

}  // namespace posthaste
