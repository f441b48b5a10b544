#include "lib/outbox/dead_table.hpp"

#include <algorithm>

#include "lib/outbox/error_columns.hpp"
#include "lib/outbox/event_columns.hpp"

namespace posthaste {
namespace {

death_reason reason_named(std::string_view name) {
    for (const auto reason : {death_reason::rejected, death_reason::expired}) {
        if (name == to_string(reason)) {
            return reason;
        }
    }
    return death_reason::damaged;
}

}  // namespace

sqlite_result dead_table::prepare(sqlite_connection& database, const dead_bounds& bounds) {
    database_ = &database;
    bounds_ = bounds;
    // A damaged row may hold any type in any column: the casts make it fit, so that it can be buried like every other.
    if (auto prepared = database.prepare(
            bury_,
            "INSERT OR REPLACE INTO dead (seq, received_at, bytes, crc, id, user_id, name, path, api_version, "
            "traceparent, tracestate, body, dead_at, reason, attempts, conflicts, first_failed_at, error_at, "
            "error_status, error_message) "
            "SELECT seq, ifnull(CAST(received_at AS INTEGER), 0), ifnull(CAST(bytes AS INTEGER), 0), "
            "ifnull(CAST(crc AS INTEGER), 0), ifnull(CAST(id AS BLOB), x''), ifnull(CAST(user_id AS TEXT), ''), "
            "ifnull(CAST(name AS TEXT), ''), ifnull(CAST(path AS TEXT), ''), ifnull(CAST(api_version AS TEXT), ''), "
            "ifnull(CAST(traceparent AS TEXT), ''), ifnull(CAST(tracestate AS TEXT), ''), "
            "ifnull(CAST(body AS BLOB), x''), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM events WHERE seq = ?1");
        !prepared) {
        return prepared;
    }
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&one_, "SELECT " POSTHASTE_EVENT_COLUMNS " FROM dead WHERE seq = ?"},
        {&oldest_, "SELECT seq, dead_at, bytes & 0x7fffffff FROM dead ORDER BY dead_at LIMIT ?"},
        {&weigh_, "SELECT bytes & 0x7fffffff FROM dead WHERE seq = ?"},
        {&erase_, "DELETE FROM dead WHERE seq = ?"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return database.prepare(find_,
                            "SELECT name, user_id, received_at, attempts, dead_at, reason, error_at, error_status, "
                            "error_message, body FROM dead WHERE seq = ? AND id = ?");
}

result<bool, sqlite_error> dead_table::bury(const settlement& what) {
    const auto& h = what.history;
    const auto error = error_columns_of(h.last_error);
    const auto buried = bury_.run(what.number, what.at, to_string(what.reason), h.attempts, h.conflicts_in_a_row,
                                  h.first_failed_at, error.at, error.status, error.message);
    if (!buried) {
        return buried.error();
    }
    expiry_.reset();
    return database_->changes() > 0;
}

result<std::vector<dead_event>, sqlite_error> dead_table::due(std::uint64_t now_kept, std::uint64_t now_bytes,
                                                              std::size_t slice, wall_time now) {
    std::vector<dead_event> found;
    if (now_kept == 0 || (!over(now_kept, now_bytes) && expiry_ && *expiry_ > now)) {
        return found;
    }
    expiry_.reset();
    auto rows = oldest_.query(slice);
    while (rows.next()) {
        if (const auto expires = rows.time(1) + bounds_.keep; expires > now && !over(now_kept, now_bytes)) {
            expiry_ = expires;
            break;
        }
        found.push_back({static_cast<sequence>(rows.integer(0)), static_cast<std::uint64_t>(rows.integer(2))});
        now_bytes -= std::min(now_bytes, found.back().bytes);
        --now_kept;
    }
    const auto read = expiry_ ? sqlite_result{} : rows.end();
    return read ? result<std::vector<dead_event>, sqlite_error>{std::move(found)} : read.error();
}

result<std::uint64_t, sqlite_error> dead_table::weigh(sequence number) {
    auto rows = weigh_.query(number);
    const std::uint64_t bytes = rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
    const auto read = rows.end();
    return read ? result<std::uint64_t, sqlite_error>{bytes} : read.error();
}

result<std::optional<wall_time>, sqlite_error> dead_table::next_expiry() {
    if (!expiry_) {
        auto rows = oldest_.query(1);
        expiry_ = rows.next() ? std::optional{rows.time(1) + bounds_.keep} : std::nullopt;
        if (const auto read = expiry_ ? sqlite_result{} : rows.end(); !read) {
            return read.error();
        }
    }
    return expiry_;
}

result<std::optional<event_facts>, sqlite_error> dead_table::find(sequence number, const uuid& id, body wanted) {
    std::optional<event_facts> found;
    auto rows = find_.query(number, id);
    if (rows.next()) {
        found.emplace();
        found->id = id;
        found->state = event_state::dead;
        found->name = rows.bytes(0);
        found->user_id = rows.bytes(1);
        found->received_at = rows.time(2);
        found->attempts = static_cast<std::uint32_t>(rows.integer(3));
        found->dead_at = rows.time(4);
        found->reason = reason_named(rows.bytes(5));
        found->last_error = read_attempt_error(rows, 6);
        found->response_status = found->last_error ? found->last_error->status : std::nullopt;
        if (wanted == body::with) {
            found->body.emplace(rows.bytes(9));
        }
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

}  // namespace posthaste
