// Events in memory as the rows of a virtual table, so that one statement stores any number of them: a statement for
// each spends a third of its time on beginning, binding and finding the end of the table again.
// (SQLite, "The Virtual Table Mechanism Of SQLite"; an eponymous-only table with the columns of `events`.)
//
// Belongs to the store's thread.

#pragma once

#include <span>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class event_rows {
  public:
    event_rows() noexcept = default;
    event_rows(const event_rows&) = delete;
    event_rows& operator=(const event_rows&) = delete;

    // From now on the connection's statements may read `offered_events`. This must outlive the connection's statements.
    [[nodiscard]] sqlite_result attach(sqlite_connection& database);

    // What a statement finds there, until the next call; numbers, ids and times are given. Neither the events nor their
    // list are copied.
    void offer(std::span<const pending_event* const> events) noexcept { events_ = events; }
    [[nodiscard]] std::span<const pending_event* const> offered() const noexcept { return events_; }

  private:
    std::span<const pending_event* const> events_;
};

}  // namespace posthaste
