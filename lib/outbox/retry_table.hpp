// What only failures write: the attempts of pending events that failed at least once (rule 2).

#pragma once

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class retry_table {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);

    enum class noted { again, first, unknown_event };
    // Replaces the history of an event that is in `events`.
    [[nodiscard]] result<noted, sqlite_error> note(sequence number, const attempt_history& history);
    [[nodiscard]] result<std::optional<attempt_history>, sqlite_error> find(sequence number);
    // How many there were.
    [[nodiscard]] result<std::uint64_t, sqlite_error> erase(sequence first, sequence last);

  private:
    sqlite_connection* database_ = nullptr;
    sqlite_statement update_;
    sqlite_statement insert_;
    sqlite_statement find_;
    sqlite_statement erase_;
};

}  // namespace posthaste
