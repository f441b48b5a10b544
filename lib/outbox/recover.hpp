// What a damaged outbox still holds, as a new and complete outbox.
//
// Every row that can be read and whose checksum and types are right is taken; each table is salvaged for itself. The
// damaged outbox is only read, and locked meanwhile. The new one is made in a folder beside its place and moved there
// once it is whole and on disk; on any failure nothing is left behind. Events keep number, id, times, headers, body,
// history and order; the counters are those of what was saved, with what the damaged one had counted as delivered,
// discarded and purged where that can be read. What delivery knew of the upstream, a pause among it, is kept,
// and so are idempotency keys, but those of events that are lost; what the upstream said of users is not.
//
// Takes as long as reading and writing it all does. On the calling thread; the time is handed in.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/outbox/damaged_copy.hpp"
#include "lib/outbox/salvage.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct recovery_request {
    std::string from;
    std::string to;  // must not exist
    wall_time now;
};

// Of one table.
struct table_recovery {
    std::uint64_t saved = 0;
    std::uint64_t damaged = 0;         // rows that were read, but are wrong: not taken
    std::vector<id_range> unreadable;  // numbers of which what was stored, where it was, cannot be read
};

struct recovery_report {
    table_recovery pending;
    table_recovery dead;
    table_recovery delivered;  // facts of delivered events
    table_recovery histories;  // of pending events that had failed before; without its own one an event starts afresh
    table_recovery keys;       // idempotency keys
    std::uint64_t keys_dropped = 0;        // sound ones of events that are lost, or may be: they may come in again
    std::optional<outbox_totals> counted;  // by the damaged outbox itself, where that can be read
    std::optional<bool> paused = false;    // whether delivery was, and is again; empty: it cannot be read, and is not
    log_use write_ahead_log = log_use::absent;
    bool first_page_damaged = false;     // which costs nothing: a sound one stood in for it
    std::uint64_t unreadable_bytes = 0;  // of its files: the disk gave an error

    [[nodiscard]] bool anything() const noexcept {
        return pending.saved + dead.saved + delivered.saved + keys.saved > 0;
    }
    // Whether an event of this number that was not saved may be lost by the damage. Otherwise it was gone before: what
    // is kept of those that are settled has an end. Once pending and dead events are saved.
    [[nodiscard]] bool may_have_lost(sequence number) const noexcept;
    [[nodiscard]] bool complete() const noexcept;
};

// The error's code: usage (`to` is there, `from` is not), locked_or_in_use (with the process that has it), failed
// (nothing can be recovered), write_failed.
[[nodiscard]] result<recovery_report, start_failure> recover_outbox(const recovery_request& request);

}  // namespace posthaste
