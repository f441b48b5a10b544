#include "lib/outbox/ledger.hpp"

#include <algorithm>

#include "lib/base/require.hpp"

namespace posthaste {
namespace {

// A counter that a damaged row made too large or too small must not run under zero.
void take(std::uint64_t& from, std::uint64_t amount) {
    from -= std::min(from, amount);
}

}  // namespace

sqlite_result ledger::prepare(sqlite_connection& database) {
    if (auto done = database.prepare(
            load_,
            "SELECT next_seq, accepted, delivered, dead, discarded, purged, pending, retrying, bytes, delivered_kept, "
            "dead_bytes, foreign_ids, parked_to, keys, keys_dropped, identities, identity_bytes FROM meta "
            "WHERE one = 1");
        !done) {
        return done;
    }
    if (auto done = database.prepare(
            save_,
            "UPDATE meta SET next_seq = ?1, accepted = ?2, delivered = ?3, dead = ?4, discarded = ?5, purged = ?6, "
            "pending = ?7, retrying = ?8, bytes = ?9, delivered_kept = ?10, dead_bytes = ?11, foreign_ids = ?12, "
            "parked_to = ?13, keys = ?14, keys_dropped = ?15, identities = ?16, identity_bytes = ?17 WHERE one = 1");
        !done) {
        return done;
    }
    return database.prepare(boot_,
                            "UPDATE meta SET boots = boots + 1, booted_at = ?1, "
                            "created_at = iif(created_at = 0, ?1, created_at) WHERE one = 1");
}

sqlite_result ledger::load() {
    auto rows = load_.query();
    if (!rows.next()) {
        const auto read = rows.end();
        return read ? sqlite_result{sqlite_error::of(SQLITE_CORRUPT)} : read;
    }
    bool plausible = true;
    const auto counter = [&](int column) {
        plausible = plausible && rows.type(column) == SQLITE_INTEGER && rows.integer(column) >= 0;
        return static_cast<std::uint64_t>(rows.integer(column));
    };
    next_ = counter(0);
    now_.totals = {.accepted = counter(1),
                   .delivered = counter(2),
                   .dead = counter(3),
                   .discarded = counter(4),
                   .purged = counter(5),
                   .pending = counter(6),
                   .retrying = counter(7),
                   .bytes = counter(8)};
    now_.delivered_kept = counter(9);
    now_.dead_bytes = counter(10);
    now_.foreign_ids = counter(11);
    now_.parked_to = counter(12);
    now_.keys = counter(13);
    now_.totals.keys_dropped = counter(14);
    now_.identities = counter(15);
    now_.totals.identity_bytes = counter(16);
    before_ = now_;
    saved_next_ = next_;
    const auto& t = now_.totals;
    const bool closes = t.accepted == t.delivered + t.pending + t.dead + t.discarded + t.purged;
    const bool in_order = next_ >= 1 && next_ <= max_sequence && now_.parked_to < next_;
    const bool weighs = t.identity_bytes <= t.bytes && (now_.identities == 0) == (t.identity_bytes == 0);
    return plausible && closes && in_order && weighs ? sqlite_result{}
                                                     : sqlite_result{sqlite_error::of(SQLITE_CORRUPT)};
}

sqlite_result ledger::note_boot(wall_time now) {
    return boot_.run(now);
}

sqlite_result ledger::save() {
    return now_ == before_ && next_ == saved_next_ ? sqlite_result{} : write();
}

sqlite_result ledger::write() {
    const auto& t = now_.totals;
    auto saved = save_.run(next_, t.accepted, t.delivered, t.dead, t.discarded, t.purged, t.pending, t.retrying,
                           t.bytes, now_.delivered_kept, now_.dead_bytes, now_.foreign_ids, now_.parked_to, now_.keys,
                           t.keys_dropped, now_.identities, t.identity_bytes);
    if (saved) {
        saved_next_ = next_;
    }
    return saved;
}

sequence ledger::take_number() {
    REQUIRE(next_ <= max_sequence, "an outbox numbers at most 2^44 events");
    return next_++;
}

void ledger::accepted(std::uint64_t bytes) {
    ++now_.totals.accepted;
    ++now_.totals.pending;
    now_.totals.bytes += bytes;
}

void ledger::carry_over(const outbox_totals& counted) {
    auto& t = now_.totals;
    t.delivered = std::max(t.delivered, counted.delivered);
    t.discarded = std::max(t.discarded, counted.discarded);
    t.purged = std::max(t.purged, counted.purged);
    t.accepted = t.delivered + t.pending + t.dead + t.discarded + t.purged;
}

void ledger::delivered(std::uint64_t events, std::uint64_t bytes) {
    now_.totals.delivered += events;
    take(now_.totals.pending, events);
    take(now_.totals.bytes, bytes);
}

void ledger::died(std::uint64_t bytes) {
    ++now_.totals.dead;
    take(now_.totals.pending, 1);
    now_.dead_bytes += bytes;
}

void ledger::revived(std::uint64_t dead_bytes, std::uint64_t bytes) {
    take(now_.totals.dead, 1);
    ++now_.totals.pending;
    take(now_.dead_bytes, dead_bytes);
    take(now_.totals.bytes, dead_bytes);
    now_.totals.bytes += bytes;
}

void ledger::discarded_dead(std::uint64_t bytes) {
    ++now_.totals.discarded;
    take(now_.totals.dead, 1);
    take(now_.dead_bytes, bytes);
    take(now_.totals.bytes, bytes);
}

void ledger::discarded_pending(std::uint64_t events, std::uint64_t bytes) {
    now_.totals.discarded += events;
    take(now_.totals.pending, events);
    take(now_.totals.bytes, bytes);
}

void ledger::purged_dead(std::uint64_t events, std::uint64_t bytes) {
    now_.totals.purged += events;
    take(now_.totals.dead, events);
    take(now_.dead_bytes, bytes);
    take(now_.totals.bytes, bytes);
}

void ledger::ended_retrying(std::uint64_t events) {
    take(now_.totals.retrying, events);
}

void ledger::noted_key(std::uint64_t bytes) {
    ++now_.keys;
    now_.totals.bytes += bytes;
}

void ledger::dropped_keys(std::uint64_t rows, std::uint64_t bytes, bool early) {
    take(now_.keys, rows);
    take(now_.totals.bytes, bytes);
    if (early) {
        now_.totals.keys_dropped += rows;
    }
}

void ledger::kept_identity(std::uint64_t bytes) {
    ++now_.identities;
    now_.totals.identity_bytes += bytes;
    now_.totals.bytes += bytes;
}

void ledger::forgot_identities(const stored_weight& gone) {
    take(now_.identities, gone.rows);
    take(now_.totals.identity_bytes, gone.bytes);
    take(now_.totals.bytes, gone.bytes);
}

void ledger::forgot_foreign_ids(std::uint64_t rows) {
    take(now_.foreign_ids, rows);
}

void ledger::forgot_delivered(std::uint64_t rows) {
    take(now_.delivered_kept, rows);
}

}  // namespace posthaste
