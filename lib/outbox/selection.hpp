// Finds events by what a person asks for, in the order of numbers; looks at 500 rows at most each time (rule 4).
// Belongs to the store's thread.

#pragma once

#include "lib/outbox/by_hand.hpp"
#include "lib/outbox/sqlite.hpp"

namespace posthaste {

class selection {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);
    // `newest` is left to the caller.
    [[nodiscard]] result<selection_page, sqlite_error> read(const selection_request& request);

  private:
    sqlite_statement dead_;
    sqlite_statement pending_;
};

}  // namespace posthaste
