// The facts of delivered events (no body, no answer), kept for queue.keep_delivered and 100,000 at most (rule 7).
//
// Events that are settled together and follow each other stand in one row (lib/outbox/facts_run.hpp), under the number
// of the first. The first to be received are the first to be forgotten, a run at a time: it is found and dropped by its
// number, without an index. Facts can so outlive keep_delivered on disk for a while, as one of their run was delivered
// later; they are not shown then. A run whose checksum is wrong is as good as forgotten.

#pragma once

#include <vector>

#include "lib/outbox/facts_run.hpp"
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

    [[nodiscard]] sqlite_result keep(const facts_runs& what);

    struct kept_run {
        sequence first = 0;
        std::uint64_t events = 0;
    };
    struct due_runs {
        std::vector<kept_run> runs;
        bool all = false;  // nothing is kept but them
    };
    // The oldest runs: so many that the `excess` is gone with them, or those whose time is over, of `slice` events and
    // a run more at most.
    [[nodiscard]] result<due_runs, sqlite_error> due(std::uint64_t excess, std::size_t slice, wall_time now);
    [[nodiscard]] sqlite_result drop(sequence first_of_run);
    // When due() has something to drop because of its age; empty: nothing is kept.
    [[nodiscard]] result<std::optional<wall_time>, sqlite_error> next_expiry();

    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> find(sequence number, const uuid& id, wall_time now);
    [[nodiscard]] bool is_shown(const event_facts& one, wall_time now) const noexcept {
        return *one.delivered_at + keep_ > now;
    }
    // All of one run; empty where it is damaged.
    [[nodiscard]] result<std::vector<event_facts>, sqlite_error> in_run(sequence first);
    // Whatever is kept between two numbers, downwards: so many, and what else stands in the last one's run.
    [[nodiscard]] result<std::vector<kept_event>, sqlite_error> below(sequence before, sequence above,
                                                                      std::size_t count);

    // After a rollback: what is known of the oldest run no longer holds.
    void forget_expiry() noexcept { expiry_.reset(); }

  private:
    sqlite_connection* database_ = nullptr;
    milliseconds keep_{};
    std::optional<wall_time> expiry_;  // of the oldest run, where it is known
    sqlite_statement write_;
    sqlite_statement oldest_;
    sqlite_statement drop_;
    sqlite_statement below_;
};

// What a file of a version before the 7th keeps, a row for each event.
[[nodiscard]] result<facts_runs, sqlite_error> read_facts_in_rows(sqlite_connection& database);

}  // namespace posthaste
