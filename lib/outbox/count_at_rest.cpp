#include "lib/outbox/count_at_rest.hpp"

#include "lib/outbox/files.hpp"
#include "lib/outbox/sqlite.hpp"

namespace posthaste {

std::optional<events_at_rest> count_at_rest(const std::string& path) {
    sqlite_connection database;
    if (!is_empty(path + "-wal") || !database.open_at_rest(path)) return std::nullopt;
    auto query = database.prepare("SELECT pending, dead FROM meta WHERE one = 1");
    if (!query) return std::nullopt;
    auto rows = query->query();
    if (!rows.next()) return std::nullopt;
    return events_at_rest{static_cast<std::uint64_t>(rows.integer(0)), static_cast<std::uint64_t>(rows.integer(1))};
}

}  // namespace posthaste
