// The facts of delivered events (no body, no answer), kept for queue.keep_delivered and 100,000 at most (rule 7).
//
// The first to be received is the first to be forgotten: a row is found and dropped by its number, without an index.
// An event that was delivered late can so outlive keep_delivered on disk for a while; find() does not show it then.

#pragma once

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

inline constexpr std::uint64_t max_delivered_kept = 100'000;

class delivered_facts {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database, milliseconds keep);
    // Another time from now on, for what is kept already, too.
    void keep_for(milliseconds keep) noexcept {
        keep_ = keep;
        forget_expiry();
    }

    [[nodiscard]] bool kept() const noexcept { return keep_ > milliseconds{0}; }
    // Keeps the facts of the pending events first ≤ number ≤ last, which were all delivered like `what`.
    [[nodiscard]] sqlite_result remember(sequence first, sequence last, const settlement& what) {
        return remember_.run(first, last, what.at, what.attempts, what.status);
    }
    // The number through which the `excess` oldest are to be dropped, and up to `slice` more whose time is over; 0 when
    // there is nothing to drop.
    [[nodiscard]] result<sequence, sqlite_error> due(std::uint64_t excess, std::size_t slice, wall_time now);
    // Drops all up to a number. Returns how many there were.
    [[nodiscard]] result<std::uint64_t, sqlite_error> drop_through(sequence last);
    // When due() has something to drop because of its age; empty: nothing is kept.
    [[nodiscard]] result<std::optional<wall_time>, sqlite_error> next_expiry();

    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> find(sequence number, const uuid& id, wall_time now);

    // After a rollback: what is known of the oldest row no longer holds.
    void forget_expiry() noexcept { expiry_.reset(); }

  private:
    sqlite_connection* database_ = nullptr;
    milliseconds keep_{};
    std::optional<wall_time> expiry_;  // of the oldest row, where it is known
    sqlite_statement remember_;
    sqlite_statement nth_;
    sqlite_statement oldest_;
    sqlite_statement drop_;
    sqlite_statement find_;
};

}  // namespace posthaste
