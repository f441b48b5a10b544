#include "lib/outbox/event_rows.hpp"

#include <string_view>

#include "lib/outbox/event_columns.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

// SQLite's structures first, as it sees nothing but them.
struct table {
    sqlite3_vtab base{};
    const event_rows* rows = nullptr;
};

struct cursor {
    sqlite3_vtab_cursor base{};
    std::span<const pending_event* const> events{};
    std::size_t at = 0;
};

cursor& of(sqlite3_vtab_cursor* base) noexcept {
    return *reinterpret_cast<cursor*>(base);
}

int connect(sqlite3* handle, void* rows, int, const char* const*, sqlite3_vtab** made, char**) noexcept {
    const int declared = sqlite3_declare_vtab(handle, "CREATE TABLE offered_events (" POSTHASTE_EVENT_COLUMNS ")");
    if (declared == SQLITE_OK) {
        *made = &(new table{{}, static_cast<const event_rows*>(rows)})->base;
    }
    return declared;
}

int disconnect(sqlite3_vtab* base) noexcept {
    delete reinterpret_cast<table*>(base);
    return SQLITE_OK;
}

// There is one way to read it: from the first to the last.
int plan(sqlite3_vtab*, sqlite3_index_info*) noexcept {
    return SQLITE_OK;
}

int open(sqlite3_vtab* base, sqlite3_vtab_cursor** made) noexcept {
    *made = &(new cursor{{}, reinterpret_cast<table*>(base)->rows->offered(), 0})->base;
    return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* base) noexcept {
    delete &of(base);
    return SQLITE_OK;
}

int rewind(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) noexcept {
    of(base).at = 0;
    return SQLITE_OK;
}

int advance(sqlite3_vtab_cursor* base) noexcept {
    ++of(base).at;
    return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* base) noexcept {
    return of(base).at >= of(base).events.size() ? 1 : 0;
}

int row_id(sqlite3_vtab_cursor* base, sqlite3_int64* id) noexcept {
    *id = static_cast<sqlite3_int64>(of(base).at);
    return SQLITE_OK;
}

void give(sqlite3_context* to, std::uint64_t number) noexcept {
    sqlite3_result_int64(to, static_cast<sqlite3_int64>(number));
}

void give(sqlite3_context* to, const std::string& text) noexcept {
    sqlite3_result_text64(to, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void give_blob(sqlite3_context* to, const void* bytes, std::size_t size) noexcept {
    sqlite3_result_blob64(to, bytes, size, SQLITE_STATIC);
}

int column(sqlite3_vtab_cursor* base, sqlite3_context* to, int which) noexcept {
    const pending_event& one = *of(base).events[of(base).at];
    switch (which) {
        case event_column::seq:
            give(to, one.number);
            break;
        case event_column::received_at:
            sqlite3_result_int64(to, one.received_at.time_since_epoch().count());
            break;
        case event_column::bytes:
            give(to, row_bytes(one.what));
            break;
        case event_column::crc:
            give(to, row_checksum(one.id, one.what));
            break;
        case event_column::id:
            give_blob(to, one.id.bytes.data(), one.id.bytes.size());
            break;
        case event_column::user_id:
            give(to, one.what.user_id);
            break;
        case event_column::name:
            give(to, one.what.name);
            break;
        case event_column::path:
            give(to, one.what.path);
            break;
        case event_column::api_version:
            give(to, one.what.api_version);
            break;
        case event_column::traceparent:
            give(to, one.what.traceparent);
            break;
        case event_column::tracestate:
            give(to, one.what.tracestate);
            break;
        case event_column::body:
            give_blob(to, one.what.body.data(), one.what.body.size());
            break;
        default:
            return SQLITE_ERROR;  // there are no others
    }
    return SQLITE_OK;
}

// Without xCreate it is there by its name, without being created.
sqlite3_module module_of_rows() noexcept {
    sqlite3_module made{};
    made.iVersion = 1;
    made.xConnect = connect;
    made.xBestIndex = plan;
    made.xDisconnect = disconnect;
    made.xOpen = open;
    made.xClose = close;
    made.xFilter = rewind;
    made.xNext = advance;
    made.xEof = at_end;
    made.xColumn = column;
    made.xRowid = row_id;
    return made;
}

}  // namespace

sqlite_result event_rows::attach(sqlite_connection& database) {
    static const sqlite3_module rows = module_of_rows();
    return database.add_module("offered_events", rows, this);
}

}  // namespace posthaste
