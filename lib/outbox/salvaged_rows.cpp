#include "lib/outbox/salvaged_rows.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "lib/base/utf8.hpp"
#include "lib/outbox/error_columns.hpp"
#include "lib/outbox/event_columns.hpp"
#include "lib/outbox/event_table.hpp"
#include "lib/outbox/facts_run.hpp"

namespace posthaste {

#define POSTHASTE_ERROR_COLUMNS "error_at, error_status, error_message"

const char* const salvaged_event_columns = POSTHASTE_EVENT_COLUMNS;
const char* const salvaged_dead_columns =
    POSTHASTE_EVENT_COLUMNS ", dead_at, reason, attempts, conflicts, first_failed_at, " POSTHASTE_ERROR_COLUMNS;
const char* const salvaged_delivered_columns = "seq, received_at, id, user_id, name, delivered_at, attempts, status";
const char* const salvaged_run_columns = "seq, events, crc, facts";
const char* const salvaged_history_columns =
    "seq, attempts, conflicts, next_at, first_failed_at, " POSTHASTE_ERROR_COLUMNS;
const char* const salvaged_key_columns = "seq, key, request, first_id, events";

const char* const salvaged_counters_query =
    "SELECT next_seq, accepted, delivered, dead, discarded, purged, pending, retrying, bytes FROM meta WHERE one = 1";

const char* const salvaged_upstream_query =
    "SELECT paused, paused_at, guard_armed, reached_with FROM upstream_memory WHERE one = 1";

#undef POSTHASTE_ERROR_COLUMNS

namespace {

constexpr std::chrono::days longest_wait{30};
constexpr std::int64_t lowest_status = 100;
constexpr std::int64_t highest_status = 999;
constexpr std::int64_t most_events_of_a_key = 65536;  // of a batch, however limits.batch_events is set

bool is_between(const sqlite_rows& row, int column, std::int64_t least, std::int64_t most) {
    return row.type(column) == SQLITE_INTEGER && row.integer(column) >= least && row.integer(column) <= most;
}

bool is_count(const sqlite_rows& row, int column) {
    return is_between(row, column, 0, std::numeric_limits<std::uint32_t>::max());
}

bool is_time(const sqlite_rows& row, int column) {
    return is_between(row, column, 0, std::numeric_limits<std::int64_t>::max() / 2);
}

bool is_status(const sqlite_rows& row, int column) {
    return is_between(row, column, lowest_status, highest_status);
}

bool is_text(const sqlite_rows& row, int column) {
    if (row.type(column) != SQLITE_TEXT) {
        return false;
    }
    for (auto rest = row.bytes(column); !rest.empty();) {
        const auto size = decode_utf8(rest).size;
        if (size == 0) {
            return false;
        }
        rest.remove_prefix(size);
    }
    return true;
}

template <class Array>
bool read_exactly(const sqlite_rows& row, int column, Array& to) {
    const auto from = row.type(column) == SQLITE_BLOB ? row.bytes(column) : std::string_view{};
    if (from.size() != to.size()) {
        return false;
    }
    std::ranges::copy(from, reinterpret_cast<char*>(to.data()));
    return true;
}

// Time, status and message, the status only where an answer came; or none of them.
bool is_error(const sqlite_rows& row, int first_column) {
    if (row.is_null(first_column)) {
        return row.is_null(first_column + 1) && row.is_null(first_column + 2);
    }
    return is_time(row, first_column) && (row.is_null(first_column + 1) || is_status(row, first_column + 1)) &&
           is_text(row, first_column + 2);
}

std::optional<death_reason> reason_named(std::string_view name) {
    for (const auto reason : {death_reason::rejected, death_reason::expired, death_reason::damaged}) {
        if (name == to_string(reason)) {
            return reason;
        }
    }
    return std::nullopt;
}

bool is_number(sequence number) {
    return number >= 1 && number < max_sequence;
}

// Puts number and time right; the row begins with its own. False: there can be no such number.
bool settle_identity(const sqlite_rows& row, const is_foreign_id& foreign, pending_event& what) {
    enum column { seq, received_at };
    what.number = sequence_of(what.id);
    what.received_at = time_of(what.id);
    if (row.integer(seq) != static_cast<std::int64_t>(what.number) && foreign(what.id)) {
        what.number = static_cast<sequence>(row.integer(seq));
        what.received_at = is_time(row, received_at) ? row.time(received_at) : what.received_at;
    }
    return is_number(what.number);
}

salvaged_event salvaged_from(sequence number, const delivered_fact& from) {
    salvaged_event out;
    out.what.number = number;
    out.what.id = from.id;
    out.what.received_at = from.received_at;
    out.what.what.user_id = from.user_id;
    out.what.what.name = from.name;
    out.end.number = number;
    out.end.at = from.delivered_at;
    out.end.attempts = from.attempts;
    out.end.status = from.status;
    return out;
}

}  // namespace

std::optional<pending_event> read_salvaged_event(const sqlite_rows& row, const is_foreign_id& foreign) {
    auto stored = event_table::read(row);
    const bool whole = stored.sound && settle_identity(row, foreign, stored.what);
    return whole ? std::optional{std::move(stored.what)} : std::nullopt;
}

std::optional<salvaged_event> read_salvaged_dead(const sqlite_rows& row, const is_foreign_id& foreign) {
    enum column { dead_at = 12, reason, attempts, conflicts, first_failed_at, error_at };
    auto what = read_salvaged_event(row, foreign);
    const auto why = row.type(reason) == SQLITE_TEXT ? reason_named(row.bytes(reason)) : std::nullopt;
    if (!what || !why || !is_time(row, dead_at) || !is_count(row, attempts) || !is_count(row, conflicts) ||
        !(row.is_null(first_failed_at) || is_time(row, first_failed_at)) || !is_error(row, error_at)) {
        return std::nullopt;
    }
    salvaged_event out{.what = *std::move(what), .end = {}};
    out.end.what = settlement::kind::dead;
    out.end.number = out.what.number;
    out.end.at = row.time(dead_at);
    out.end.reason = *why;
    out.end.history.attempts = static_cast<std::uint32_t>(row.integer(attempts));
    out.end.history.conflicts_in_a_row = static_cast<std::uint32_t>(row.integer(conflicts));
    out.end.history.first_failed_at = row.optional_time(first_failed_at);
    out.end.history.last_error = read_attempt_error(row, error_at);
    return out;
}

std::optional<salvaged_event> read_salvaged_delivered(const sqlite_rows& row, const is_foreign_id& foreign) {
    enum column { seq, received_at, id, user_id, name, delivered_at, attempts, status };
    salvaged_event out;
    if (!read_exactly(row, id, out.what.id.bytes) || !is_text(row, user_id) || !is_text(row, name) ||
        !is_time(row, delivered_at) || !is_count(row, attempts) || !is_status(row, status)) {
        return std::nullopt;
    }
    // No checksum here: the number must stand in both places.
    const bool agrees =
        settle_identity(row, foreign, out.what) && static_cast<std::int64_t>(out.what.number) == row.integer(seq);
    out.what.what.user_id = row.bytes(user_id);
    out.what.what.name = row.bytes(name);
    out.end.number = out.what.number;
    out.end.at = row.time(delivered_at);
    out.end.attempts = static_cast<std::uint32_t>(row.integer(attempts));
    out.end.status = static_cast<int>(row.integer(status));
    return agrees ? std::optional{std::move(out)} : std::nullopt;
}

salvaged_run read_salvaged_run(const sqlite_rows& row) {
    enum column { seq, events, crc, facts };
    const bool possible = is_number(static_cast<sequence>(row.integer(seq))) &&
                          is_between(row, events, 1, std::int64_t{facts_run::most_events});
    const auto number = static_cast<sequence>(row.integer(seq));
    const auto count = possible ? static_cast<std::size_t>(row.integer(events)) : std::size_t{1};
    const bool sound = possible && row.integer(crc) == std::int64_t{facts_checksum(number, row.bytes(facts))};
    const auto read = sound ? unpack_facts(row.bytes(facts), count) : std::nullopt;
    salvaged_run out;
    for (std::size_t at = 0; read && at < read->size(); ++at) {
        out.events.push_back(salvaged_from(number + at, (*read)[at]));
    }
    out.damaged = count - out.events.size();
    return out;
}

std::optional<settlement> read_salvaged_history(const sqlite_rows& row, wall_time now) {
    enum column { seq, attempts, conflicts, next_at, first_failed_at, error_at };
    if (!is_count(row, attempts) || !is_count(row, conflicts) || !is_time(row, next_at) ||
        row.time(next_at) > now + longest_wait || !(row.is_null(first_failed_at) || is_time(row, first_failed_at)) ||
        !is_error(row, error_at)) {
        return std::nullopt;
    }
    settlement out;
    out.what = settlement::kind::failed;
    out.number = static_cast<sequence>(row.integer(seq));
    out.history = {.attempts = static_cast<std::uint32_t>(row.integer(attempts)),
                   .conflicts_in_a_row = static_cast<std::uint32_t>(row.integer(conflicts)),
                   .next_at = row.time(next_at),
                   .first_failed_at = row.optional_time(first_failed_at),
                   .last_error = read_attempt_error(row, error_at)};
    return out;
}

// No checksum here either: the number must stand in both places.
std::optional<salvaged_key> read_salvaged_key(const sqlite_rows& row) {
    enum column { seq, key, request, first_id, events };
    salvaged_key out;
    if (!read_exactly(row, key, out.key.key) || !read_exactly(row, request, out.key.request) ||
        !read_exactly(row, first_id, out.stands_for.first.bytes) || !is_between(row, events, 1, most_events_of_a_key) ||
        static_cast<std::int64_t>(sequence_of(out.stands_for.first)) != row.integer(seq)) {
        return std::nullopt;
    }
    out.stands_for.events = static_cast<std::uint64_t>(row.integer(events));
    return out;
}

std::optional<salvaged_counters> read_salvaged_counters(const sqlite_rows& row) {
    for (int column = 0; column <= 8; ++column) {
        if (!is_between(row, column, 0, std::numeric_limits<std::int64_t>::max() / 8)) {
            return std::nullopt;
        }
    }
    const auto counter = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    const salvaged_counters out{.totals = {.accepted = counter(1),
                                           .delivered = counter(2),
                                           .dead = counter(3),
                                           .discarded = counter(4),
                                           .purged = counter(5),
                                           .pending = counter(6),
                                           .retrying = counter(7),
                                           .bytes = counter(8)},
                                .next = counter(0)};
    const auto& t = out.totals;
    const bool closes = t.accepted == t.delivered + t.pending + t.dead + t.discarded + t.purged;
    return closes && is_number(out.next) ? std::optional{out} : std::nullopt;
}

std::optional<upstream_memory> read_salvaged_upstream(const sqlite_rows& row) {
    enum column { paused, paused_at, guard_armed, reached_with };
    using kind = upstream_memory::pause;
    if (!is_between(row, paused, 0, 2) || !(row.is_null(paused_at) || is_time(row, paused_at)) ||
        !is_between(row, guard_armed, 0, 1) || !is_text(row, reached_with)) {
        return std::nullopt;
    }
    const auto found = row.integer(paused);
    return upstream_memory{.paused = found == 1   ? kind::by_hand
                                     : found == 2 ? kind::rejecting_everything
                                                  : kind::none,
                           .paused_at = row.optional_time(paused_at),
                           .guard_armed = row.integer(guard_armed) != 0,
                           .reached_with = std::string(row.bytes(reached_with))};
}

}  // namespace posthaste
