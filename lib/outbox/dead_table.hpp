// Events that were given up, whole, with why: kept for a person to look at, for queue.keep_dead and up to a bound;
// those that died first go first (rule 7).

#pragma once

#include <optional>
#include <vector>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// What is kept of the dead.
struct dead_bounds {
    milliseconds keep{};
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
};

// An event that is to be dropped.
struct dead_event {
    sequence number = 0;
    std::uint64_t bytes = 0;  // what it counted against queue.max_bytes
};

class dead_table {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database, const dead_bounds& bounds);
    // Other bounds from now on; what is over them goes by and by, as ever.
    void bound_by(const dead_bounds& bounds) noexcept {
        bounds_ = bounds;
        forget_expiry();
    }

    // Copies the event's row from `events`, damaged or not. False: there is none.
    [[nodiscard]] result<bool, sqlite_error> bury(const settlement& what);
    enum class body { with, without };
    // The row of this number, if its id is this one.
    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> find(sequence number, const uuid& id, body wanted);
    // At most one row, to be read like one of the events'.
    [[nodiscard]] sqlite_rows one(sequence number) { return one_.query(number); }

    // At most `slice` that are over the bounds or whose time is over; `now_kept` and `now_bytes` are what there is.
    [[nodiscard]] result<std::vector<dead_event>, sqlite_error> due(std::uint64_t now_kept, std::uint64_t now_bytes,
                                                                    std::size_t slice, wall_time now);
    // What the event counts against queue.max_bytes.
    [[nodiscard]] result<std::uint64_t, sqlite_error> weigh(sequence number);
    [[nodiscard]] sqlite_result erase(sequence number) { return erase_.run(number); }
    // When due() has something to drop because of its age; empty: nothing is dead.
    [[nodiscard]] result<std::optional<wall_time>, sqlite_error> next_expiry();
    // Something died, or a transaction was rolled back: what is known of the oldest no longer holds.
    void forget_expiry() noexcept { expiry_.reset(); }

  private:
    [[nodiscard]] bool over(std::uint64_t kept, std::uint64_t bytes) const noexcept {
        return kept > bounds_.events || bytes > bounds_.bytes;
    }

    sqlite_connection* database_ = nullptr;
    dead_bounds bounds_;
    std::optional<wall_time> expiry_;  // of the oldest, where it is known
    sqlite_statement bury_;
    sqlite_statement find_;
    sqlite_statement one_;
    sqlite_statement oldest_;
    sqlite_statement weigh_;
    sqlite_statement erase_;
};

}  // namespace posthaste
