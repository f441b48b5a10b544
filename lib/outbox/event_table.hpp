// The hot table: pending events by number, one insert and one delete per event, no secondary index (rule 2).

#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "lib/outbox/event_rows.hpp"
#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// A row read back: the event only where the row is sound (rule 8).
struct stored_event {
    pending_event what;  // number and received_at are always set; history is not read
    bool sound = false;
    bool own_id = false;  // the id carries the row's number: else it must be a foreign one, or the number is damaged
};

// Of a row that goes, as views into it.
struct leaving_event {
    sequence number = 0;
    uuid id;
    wall_time received_at;
    std::string_view user_id;
    std::string_view name;
};

// Given each of them, in order, before it goes. The outbox must be left alone meanwhile.
using leave_taker = std::function<void(const leaving_event&)>;

class event_table {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);

    // They have their numbers, in rising order, and their ids and times.
    [[nodiscard]] sqlite_result insert(std::span<const pending_event* const> events);
    [[nodiscard]] sqlite_result insert(const pending_event& what);

    // At most `limit` rows after a number, in order; read each with read(), its body's size with body_size().
    [[nodiscard]] sqlite_rows after(sequence number, std::size_t limit) { return after_.query(number, limit); }
    // At most one row.
    [[nodiscard]] sqlite_rows one(sequence number) { return one_.query(number); }
    [[nodiscard]] static stored_event read(const sqlite_rows& row);
    [[nodiscard]] static std::size_t body_size(const sqlite_rows& row);

    // Drops the rows first ≤ number ≤ last, and says what they weighed: in one pass over them.
    [[nodiscard]] result<stored_weight, sqlite_error> erase(sequence first, sequence last);
    // The same, for those whose facts are to be kept. Of a damaged row nothing is given.
    [[nodiscard]] result<stored_weight, sqlite_error> erase(sequence first, sequence last, const leave_taker& take);

    [[nodiscard]] result<std::optional<wall_time>, sqlite_error> oldest();
    // The largest number stored, 0 when there is none.
    [[nodiscard]] result<sequence, sqlite_error> largest();

  private:
    static void leave(sqlite3_context* context, int count, sqlite3_value** columns) noexcept;

    event_rows offered_;
    stored_weight left_;                  // with the statement that runs
    const leave_taker* taker_ = nullptr;  // of it
    sqlite_statement insert_;
    sqlite_statement insert_offered_;
    sqlite_statement after_;
    sqlite_statement one_;
    sqlite_statement erase_;
    sqlite_statement erase_taken_;
    sqlite_statement oldest_;
    sqlite_statement largest_;
};

}  // namespace posthaste
