#include "lib/outbox/event_table.hpp"

#include <algorithm>

#include "lib/outbox/event_columns.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

// So many by one statement are quicker than by one each.
constexpr std::size_t fewest_offered = 4;

// No row weighs more; the sum of damaged numbers could overflow.
constexpr std::int64_t most_bytes = 0x7fffffff;

std::string_view bytes_of(sqlite3_value* value) {
    const auto* data = static_cast<const char*>(sqlite3_value_blob(value));
    return data == nullptr ? std::string_view{}
                           : std::string_view{data, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

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
    auto attached = offered_.attach(database);
    attached = attached ? database.add_function("leave", &event_table::leave, this) : attached;
    if (!attached) {
        return attached;
    }
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&insert_, "INSERT INTO events (" POSTHASTE_EVENT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"},
        // A failure ends the transaction in any case, and SQLite need not be ready to undo this statement alone.
        {&insert_offered_, "INSERT OR ROLLBACK INTO events (" POSTHASTE_EVENT_COLUMNS
                           ") SELECT " POSTHASTE_EVENT_COLUMNS " FROM offered_events"},
        {&after_, "SELECT " POSTHASTE_EVENT_COLUMNS " FROM events WHERE seq > ? ORDER BY seq LIMIT ?"},
        {&one_, "SELECT " POSTHASTE_EVENT_COLUMNS " FROM events WHERE seq = ?"},
        {&erase_, "DELETE FROM events WHERE seq BETWEEN ? AND ? AND leave(bytes)"},
        {&erase_taken_,
         "DELETE FROM events WHERE seq BETWEEN ? AND ? AND leave(bytes, seq, id, received_at, user_id, name)"},
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

// What SQLite asks of each row that is about to go: whether it goes.
void event_table::leave(sqlite3_context* context, int count, sqlite3_value** columns) noexcept {
    enum column : int { bytes, seq, id, received_at, user_id, name };
    auto& self = *static_cast<event_table*>(sqlite3_user_data(context));
    ++self.left_.rows;
    self.left_.bytes += static_cast<std::uint64_t>(sqlite3_value_int64(columns[bytes]) & most_bytes);
    if (count > 1 && sqlite3_value_bytes(columns[id]) == sizeof(uuid::bytes)) {
        leaving_event one{.number = static_cast<sequence>(sqlite3_value_int64(columns[seq])),
                          .id = {},
                          .received_at = wall_time{milliseconds{sqlite3_value_int64(columns[received_at])}},
                          .user_id = bytes_of(columns[user_id]),
                          .name = bytes_of(columns[name])};
        std::ranges::copy(bytes_of(columns[id]), reinterpret_cast<char*>(one.id.bytes.data()));
        (*self.taker_)(one);
    }
    sqlite3_result_int(context, 1);
}

result<stored_weight, sqlite_error> event_table::erase(sequence first, sequence last) {
    left_ = {};
    const auto erased = erase_.run(first, last);
    return erased ? result<stored_weight, sqlite_error>{left_} : erased.error();
}

result<stored_weight, sqlite_error> event_table::erase(sequence first, sequence last, const leave_taker& take) {
    left_ = {};
    taker_ = &take;
    const auto erased = erase_taken_.run(first, last);
    taker_ = nullptr;
    return erased ? result<stored_weight, sqlite_error>{left_} : erased.error();
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
