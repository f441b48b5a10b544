#include "lib/outbox/count_at_rest.hpp"

#include <memory>

#include <sqlite3.h>

#include "lib/outbox/files.hpp"

namespace posthaste {

namespace {

// "immutable": SQLite makes neither a lock nor a shared-memory file, which might become another user's.
std::string uri_of(const std::string& path) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte > 0x20 && byte < 0x7F && c != '?' && c != '#' && c != '%';
        uri += plain ? std::string(1, c) : std::string{'%', digits[byte / 16], digits[byte % 16]};
    }
    return uri + "?immutable=1";
}

}  // namespace

std::optional<events_at_rest> count_at_rest(const std::string& path) {
    if (!is_empty(path + "-wal")) return std::nullopt;
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(uri_of(path).c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, sqlite3_close);
    sqlite3_stmt* prepared = nullptr;
    if (code != SQLITE_OK ||
        sqlite3_prepare_v2(opened, "SELECT pending, dead FROM meta WHERE one = 1", -1, &prepared, nullptr) != SQLITE_OK)
        return std::nullopt;
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> query(prepared, sqlite3_finalize);
    if (sqlite3_step(prepared) != SQLITE_ROW) return std::nullopt;
    return events_at_rest{static_cast<std::uint64_t>(sqlite3_column_int64(prepared, 0)),
                          static_cast<std::uint64_t>(sqlite3_column_int64(prepared, 1))};
}

}  // namespace posthaste
