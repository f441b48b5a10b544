#include "lib/outbox/outbox.hpp"

#include <algorithm>

#include "lib/base/require.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

constexpr int checkpoint_pages = 1000;
constexpr std::size_t trim_slice = 500;
constexpr std::size_t trim_dead_slice = 100;  // whole bodies go with them

}  // namespace

sqlite_result outbox::begin() {
    ledger_.begin();
    auto begun = begin_.run();
    return begun && boot_ ? ledger_.note_boot(*boot_) : begun;
}

sqlite_result outbox::commit() {
    REQUIRE(admitted_.empty(), "what was admitted is stored before its commit");
    auto done = ledger_.save();
    done = done ? commit_.run() : done;
    if (done) {
        boot_.reset();
        keys_.committed();
    }
    return done;
}

void outbox::rollback() {
    if (database_.in_transaction()) {  // SQLITE_FULL may have ended it by itself
        REQUIRE(database_.execute("ROLLBACK"), "SQLite can always roll back");
    }
    admitted_.clear();
    ledger_.forget();
    delivered_.forget_expiry();
    dead_.forget_expiry();
    keys_.rolled_back();
}

bool outbox::is_full() const noexcept {
    return !has_room_for(std::max<std::uint64_t>(refused_bytes_, 1));
}

bool outbox::has_room_for(std::uint64_t bytes, std::size_t events) const noexcept {
    const auto& t = totals();
    const std::uint64_t held = t.bytes - t.identity_bytes;  // what is kept of users gives way
    return t.pending + t.dead + events <= queue_.max_events && held + bytes <= queue_.max_bytes;
}

// One that no empty queue would take says nothing of this one.
void outbox::note_refused(std::uint64_t bytes) noexcept {
    if (bytes <= queue_.max_bytes) {
        refused_bytes_ = bytes;
    }
}

outbox::admission outbox::append(pending_event& what, wall_time now, std::uint64_t random) {
    if (const auto bytes = row_bytes(what.what); !has_room_for(bytes)) {
        note_refused(bytes);
        return admission::queue_full;
    }
    admit(what, now, random);
    return admission::taken;
}

void outbox::admit(pending_event& what, wall_time now, std::uint64_t random) {
    what.number = ledger_.take_number();
    what.id = make_event_id(now, what.number, random);
    what.received_at = now;
    ledger_.accepted(row_bytes(what.what));
    admitted_.push_back(&what);
    refused_bytes_ = 0;
}

sqlite_result outbox::store_admitted() {
    auto stored = events_.insert(admitted_);
    admitted_.clear();
    return stored;
}

sqlite_result outbox::insert(pending_event& what) {
    auto inserted = events_.insert(what);
    if (inserted) {
        ledger_.accepted(row_bytes(what.what));
    }
    return inserted;
}

result<outbox::import, sqlite_error> outbox::take_in(pending_event& what, wall_time now) {
    const auto known = find(what.id, now);
    if (!known) {
        return known.error();
    }
    if (*known) {
        return import::known;
    }
    if (!has_room_for(row_bytes(what.what))) {
        return import::queue_full;
    }
    what.number = ledger_.take_number();
    if (const auto noted = note_foreign_id(what); !noted) {
        return noted.error();
    }
    if (const auto inserted = insert(what); !inserted) {
        return inserted.error();
    }
    return import::taken;
}

// An id that carries another number could not be found by it.
sqlite_result outbox::note_foreign_id(const pending_event& what) {
    if (sequence_of(what.id) == what.number) {
        return {};
    }
    const auto is_new = foreign_.note(what.id, what.number);
    if (!is_new) {
        return is_new.error();
    }
    if (*is_new) {
        ledger_.noted_foreign_id();
    }
    return {};
}

sqlite_result outbox::forget_ids(foreign_ids::home table, sequence first, sequence last) {
    if (ledger_.foreign_ids() == 0) {
        return {};
    }
    const auto forgotten = foreign_.forget(table, first, last);
    if (!forgotten) {
        return forgotten.error();
    }
    ledger_.forgot_foreign_ids(*forgotten);
    return {};
}

sqlite_result outbox::forget_ids_of_run(sequence first) {
    if (ledger_.foreign_ids() == 0) {
        return {};
    }
    const auto facts = delivered_.in_run(first);
    if (!facts) {
        return facts.error();
    }
    for (const auto& one : *facts) {
        if (sequence_of(one.id) == one.number) {
            continue;
        }
        const auto forgotten = foreign_.forget(one.id, one.number);
        if (!forgotten) {
            return forgotten.error();
        }
        ledger_.forgot_foreign_ids(*forgotten);
    }
    return {};
}

result<outbox::restoration, sqlite_error> outbox::restore(pending_event& what) {
    const auto known = find(what.id, wall_time{});
    if (!known) {
        return known.error();
    }
    // Once what is kept of a delivered event is over, it may have come in anew, by an import.
    const bool came_again = *known && (*known)->state == event_state::delivered && (*known)->number < what.number;
    if (*known && !came_again) {
        return restoration::known;
    }
    if (const auto inserted = insert(what); !inserted) {
        const bool taken = inserted.error().primary() == SQLITE_CONSTRAINT;
        return taken ? result<restoration, sqlite_error>{restoration::number_taken} : inserted.error();
    }
    ledger_.use_up(what.number);
    if (const auto noted = note_foreign_id(what); !noted) {
        return noted.error();
    }
    return restoration::taken;
}

void outbox::restore_totals(const outbox_totals& counted, sequence next) {
    ledger_.use_up(next - 1);
    ledger_.carry_over(counted);
}

sqlite_result outbox::remember(const upstream_memory& what) {
    auto saved = notes_.save(what);
    if (saved) {
        upstream_ = what;
    }
    return saved;
}

sqlite_result outbox::park(std::span<const parked_event> what) {
    for (const auto& one : what) {
        if (auto parked = parking_.park(one); !parked) {
            return parked;
        }
    }
    return {};
}

sqlite_result outbox::unpark(std::span<const parked_event> what) {
    for (const auto& one : what) {
        if (auto forgotten = parking_.forget(one.user_id, one.number); !forgotten) {
            return forgotten;
        }
    }
    return {};
}

sqlite_result outbox::trim(wall_time now) {
    auto trimmed = trim_delivered(now);
    trimmed = trimmed ? trim_dead(now) : trimmed;
    trimmed = trimmed ? trim_keys(now) : trimmed;
    return trimmed ? trim_identities(now) : trimmed;
}

sqlite_result outbox::trim_delivered(wall_time now) {
    const std::uint64_t kept = ledger_.delivered_kept();
    if (kept == 0) {
        return {};
    }
    const auto due = delivered_.due(kept > max_delivered_kept ? kept - max_delivered_kept : 0, trim_slice, now);
    if (!due) {
        return due.error();
    }
    for (const auto& run : due->runs) {
        if (auto forgotten = forget_ids_of_run(run.first); !forgotten) {
            return forgotten;
        }
        if (auto dropped = delivered_.drop(run.first); !dropped) {
            return dropped;
        }
        ledger_.forgot_delivered(run.events);
    }
    if (due->all) {
        ledger_.forgot_delivered(ledger_.delivered_kept());  // what a damaged run or counter made of it
    }
    return {};
}

sqlite_result outbox::trim_dead(wall_time now) {
    const auto due = dead_.due(totals().dead, ledger_.dead_bytes(), trim_dead_slice, now);
    if (!due) {
        return due.error();
    }
    for (const auto& one : *due) {
        if (auto forgotten = forget_ids(foreign_ids::home::dead, one.number, one.number); !forgotten) {
            return forgotten;
        }
        if (auto erased = dead_.erase(one.number); !erased) {
            return erased;
        }
        ledger_.purged_dead(1, one.bytes);
    }
    return {};
}

result<std::optional<wall_time>, sqlite_error> outbox::next_trim() {
    using moment = result<std::optional<wall_time>, sqlite_error>;
    moment next;
    const auto take = [&next](const moment& one) {
        if (!next || !one) {
            next = next ? one : next;
        } else if (*one && (!*next || **one < **next)) {
            next = one;
        }
    };
    if (ledger_.delivered_kept() > 0) {
        take(delivered_.next_expiry());
    }
    if (totals().dead > 0) {
        take(dead_.next_expiry());
    }
    if (ledger_.keys() > 0) {
        take(keys_.next_expiry());
    }
    if (const auto excess = excess_of_identities(); excess.rows + excess.bytes > 0) {
        take(wall_time{});  // what is left of it once a slice is gone
    }
    return next;
}

bool outbox::checkpoint_due() const noexcept {
    return database_.wal_pages() >= checkpoint_pages;
}

}  // namespace posthaste
