// The one row of `upstream_memory`: what delivery has to know of the upstream after a restart. Written where that
// changes, which is rare.

#pragma once

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class upstream_notes {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);
    [[nodiscard]] result<upstream_memory, sqlite_error> load();
    [[nodiscard]] sqlite_result save(const upstream_memory& what);

  private:
    sqlite_statement load_;
    sqlite_statement save_;
};

}  // namespace posthaste
