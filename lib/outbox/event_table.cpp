#include "lib/outbox/event_table.hpp"

#include <algorithm>

#include "lib/outbox/event_columns.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

// So many by one statement are quicker than by one each.
constexpr std::size_t fewest_offered = 4;

// STRICT holds for what SQLite wrote, not for what a failing disk made of it.
bool has_its_types(const sqlite_rows& row) {
    using namespace event_column;
    const auto is_text = [&](int at) { return row.type(at) == SQLITE_TEXT; };
    return row.type(received_at) == SQLITE_INTEGER && row.type(bytes) == SQLITE_INTEGER &&
           row.type(crc) == SQLITE_INTEGER && row.type(id) == SQLITE_BLOB &&
           row.bytes(id).size() == sizeof(uuid::bytes) && is_text(user_id) && is_text(name) && is_text(path) &&
           is_text(api_version) && is_text(traceparent) && is_text(tracestate) && row.type(body) == SQLITE_BLOB;
}

}  // namespace

sqlite_result event_table::prepare(sqlite_connection& database) {
    if (auto attached = offered_.attach(database); !attached) {
        return attached;
    }
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&insert_, "INSERT INTO events (" POSTHASTE_EVENT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"},
        // A failure ends the transaction in any case, and SQLite need not be ready to undo this statement alone.
        {&insert_offered_, "INSERT OR ROLLBACK INTO events (" POSTHASTE_EVENT_COLUMNS
                           ") SELECT " POSTHASTE_EVENT_COLUMNS " FROM offered_events"},
        {&after_, "SELECT " POSTHASTE_EVENT_COLUMNS " FROM events WHERE seq > ? ORDER BY seq LIMIT ?"},
        {&one_, "SELECT " POSTHASTE_EVENT_COLUMNS " FROM events WHERE seq = ?"},
        // Masked, as the sum of damaged numbers could overflow, which is an error.
        {&weigh_, "SELECT count(*), sum(bytes & 0x7fffffff) FROM events WHERE seq BETWEEN ? AND ?"},
        {&erase_, "DELETE FROM events WHERE seq BETWEEN ? AND ?"},
        {&oldest_, "SELECT received_at FROM events ORDER BY seq LIMIT 1"},
        {&largest_, "SELECT seq FROM events ORDER BY seq DESC LIMIT 1"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

sqlite_result event_table::insert(std::span<const pending_event* const> events) {
    if (events.size() >= fewest_offered) {
        offered_.offer(events);
        auto inserted = insert_offered_.run();
        offered_.offer({});
        return inserted;
    }
    for (const pending_event* one : events) {
        if (auto inserted = insert(*one); !inserted) {
            return inserted;
        }
    }
    return {};
}

sqlite_result event_table::insert(const pending_event& what) {
    const event& e = what.what;
    return insert_.run(what.number, what.received_at, row_bytes(e), row_checksum(what.id, e), what.id, e.user_id,
                       e.name, e.path, e.api_version, e.traceparent, e.tracestate, sqlite_blob{e.body});
}

stored_event event_table::read(const sqlite_rows& row) {
    using namespace event_column;
    stored_event out;
    out.what.number = static_cast<sequence>(row.integer(seq));
    out.what.received_at = row.time(received_at);
    if (!has_its_types(row)) {
        return out;
    }
    std::ranges::copy(row.bytes(id), reinterpret_cast<char*>(out.what.id.bytes.data()));
    out.what.what = {.name = std::string{row.bytes(name)},
                     .user_id = std::string{row.bytes(user_id)},
                     .path = std::string{row.bytes(path)},
                     .api_version = std::string{row.bytes(api_version)},
                     .traceparent = std::string{row.bytes(traceparent)},
                     .tracestate = std::string{row.bytes(tracestate)},
                     .body = std::string{row.bytes(body)}};
    out.own_id = sequence_of(out.what.id) == out.what.number;
    out.sound = row.integer(crc) == std::int64_t{row_checksum(out.what.id, out.what.what)} &&
                static_cast<std::uint64_t>(row.integer(bytes)) == row_bytes(out.what.what);
    return out;
}

std::size_t event_table::body_size(const sqlite_rows& row) {
    return row.bytes(event_column::body).size();
}

result<stored_weight, sqlite_error> event_table::weigh(sequence first, sequence last) {
    stored_weight weight;
    auto rows = weigh_.query(first, last);
    if (rows.next()) {
        weight.rows = static_cast<std::uint64_t>(rows.integer(0));
        weight.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(rows.integer(1), 0));
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return weight;
}

result<std::optional<wall_time>, sqlite_error> event_table::oldest() {
    auto rows = oldest_.query();
    const auto found = rows.next() ? std::optional{rows.time(0)} : std::nullopt;
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

result<sequence, sqlite_error> event_table::largest() {
    auto rows = largest_.query();
    const auto found = rows.next() ? static_cast<sequence>(rows.integer(0)) : sequence{0};
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

}  // namespace posthaste
