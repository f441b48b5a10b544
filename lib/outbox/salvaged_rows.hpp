// Rows of a damaged outbox as values: each only where everything that can be checked of it is right.
//
// Number and time of an event are taken from its id, which the row's checksum covers; only an event of another outbox
// (an import) has those of its row. Facts that have no checksum (attempts, times, reasons) must have their types and be
// possible. For the tables of every version so far. Pure.

#pragma once

#include <functional>
#include <optional>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// The columns that each of these reads, in their order; the row's id comes first.
extern const char* const salvaged_event_columns;
extern const char* const salvaged_dead_columns;
extern const char* const salvaged_delivered_columns;
extern const char* const salvaged_run_columns;
extern const char* const salvaged_history_columns;
extern const char* const salvaged_key_columns;

// An event and what became of it.
struct salvaged_event {
    pending_event what;
    settlement end;
};

// Whether that id was given by another outbox, and carries another number than its event's.
using is_foreign_id = std::function<bool(const uuid& id)>;

[[nodiscard]] std::optional<pending_event> read_salvaged_event(const sqlite_rows& row, const is_foreign_id& foreign);
[[nodiscard]] std::optional<salvaged_event> read_salvaged_dead(const sqlite_rows& row, const is_foreign_id& foreign);
// What is not kept of a delivered event (its body, its headers) is empty.
[[nodiscard]] std::optional<salvaged_event> read_salvaged_delivered(const sqlite_rows& row,
                                                                    const is_foreign_id& foreign);

// Delivered events as they are kept since version 7.
struct salvaged_run {
    std::vector<salvaged_event> events;
    std::uint64_t damaged = 0;  // of those that stood in it
};
[[nodiscard]] salvaged_run read_salvaged_run(const sqlite_rows& row);

// A settlement of the kind `failed`. A next attempt in a far future is not possible: nothing waits that long.
[[nodiscard]] std::optional<settlement> read_salvaged_history(const sqlite_rows& row, wall_time now);

struct salvaged_key {
    idempotency key;
    receipt stands_for;
};
[[nodiscard]] std::optional<salvaged_key> read_salvaged_key(const sqlite_rows& row);

struct salvaged_counters {
    outbox_totals totals;
    sequence next = 1;
};

// Of a row that `salvaged_counters_query` gives: only where they close, as they did with every commit.
extern const char* const salvaged_counters_query;
[[nodiscard]] std::optional<salvaged_counters> read_salvaged_counters(const sqlite_rows& row);

extern const char* const salvaged_upstream_query;
[[nodiscard]] std::optional<upstream_memory> read_salvaged_upstream(const sqlite_rows& row);

}  // namespace posthaste
