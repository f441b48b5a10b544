// The one row of `meta`: the next number and the totals, kept in each commit so that the accounts close over any crash
// (rules 3 and 12). In memory between commits; written once a commit, and only where something changed.

#pragma once

#include <algorithm>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class ledger {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);
    // The error SQLITE_CORRUPT: there is no such row, or it cannot be right.
    [[nodiscard]] sqlite_result load();
    // Writes that the outbox was opened: the first commit of a run (rule 10).
    [[nodiscard]] sqlite_result note_boot(wall_time now);

    // Inside a transaction: begin() remembers, save() writes, forget() goes back after a rollback. Numbers given since
    // begin() stay used up.
    void begin() { before_ = now_; }
    [[nodiscard]] sqlite_result save();
    // The same, though nothing changed.
    [[nodiscard]] sqlite_result write();
    void forget() { now_ = before_; }

    [[nodiscard]] const outbox_totals& totals() const noexcept { return now_.totals; }
    [[nodiscard]] std::uint64_t delivered_kept() const noexcept { return now_.delivered_kept; }
    [[nodiscard]] std::uint64_t dead_bytes() const noexcept { return now_.dead_bytes; }    // part of totals().bytes
    [[nodiscard]] std::uint64_t foreign_ids() const noexcept { return now_.foreign_ids; }  // rows of that table
    [[nodiscard]] std::uint64_t keys() const noexcept { return now_.keys; }
    [[nodiscard]] stored_weight identities() const noexcept { return {now_.identities, now_.totals.identity_bytes}; }
    [[nodiscard]] sequence parked_to() const noexcept { return now_.parked_to; }  // the mark
    [[nodiscard]] sequence next_number() const noexcept { return next_; }

    [[nodiscard]] sequence take_number();
    void accepted(std::uint64_t bytes);
    // For an outbox that is made of what a damaged one still held: the number is used up, later ones stand above it.
    void use_up(sequence number) { next_ = std::max(next_, number + 1); }
    // The same: what the damaged one had counted as delivered, discarded and purged, beyond the events that were saved.
    void carry_over(const outbox_totals& counted);
    void delivered(std::uint64_t events, std::uint64_t bytes);
    void died(std::uint64_t bytes);
    // A dead event is pending again; it weighed `dead_bytes`, and weighs `bytes` from now on.
    void revived(std::uint64_t dead_bytes, std::uint64_t bytes);
    void discarded_dead(std::uint64_t bytes);
    void discarded_pending(std::uint64_t events, std::uint64_t bytes);
    void purged_dead(std::uint64_t events, std::uint64_t bytes);
    void began_retrying(std::uint64_t events) { now_.totals.retrying += events; }
    void ended_retrying(std::uint64_t events);
    void kept_delivered(std::uint64_t rows) { now_.delivered_kept += rows; }
    void forgot_delivered(std::uint64_t rows);
    // Only forward.
    void mark_parked(sequence through) { now_.parked_to = std::max(now_.parked_to, through); }
    void noted_key(std::uint64_t bytes);
    // `early`: before their time was over, as there were too many.
    void dropped_keys(std::uint64_t rows, std::uint64_t bytes, bool early);
    void kept_identity(std::uint64_t bytes);
    void forgot_identities(const stored_weight& gone);
    void noted_foreign_id() { ++now_.foreign_ids; }
    void forgot_foreign_ids(std::uint64_t rows);

  private:
    struct state {
        outbox_totals totals;
        std::uint64_t delivered_kept = 0;
        std::uint64_t dead_bytes = 0;
        std::uint64_t foreign_ids = 0;
        sequence parked_to = 0;
        std::uint64_t keys = 0;
        std::uint64_t identities = 0;

        friend bool operator==(const state&, const state&) = default;
    };

    state now_;
    state before_;
    sequence next_ = 1;
    sequence saved_next_ = 1;
    sqlite_statement load_;
    sqlite_statement save_;
    sqlite_statement boot_;
};

}  // namespace posthaste
