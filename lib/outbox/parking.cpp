#include "lib/outbox/parking.hpp"

namespace posthaste {

sqlite_result parking::prepare(sqlite_connection& database) {
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&any_, "SELECT 1 FROM parked LIMIT 1"},
        {&park_, "INSERT OR IGNORE INTO parked (user_id, seq) VALUES (?,?)"},
        {&next_, "SELECT seq FROM parked WHERE user_id = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ?"},
        {&forget_, "DELETE FROM parked WHERE user_id = ? AND seq = ?"},
        {&first_lane_, "SELECT user_id, seq FROM parked ORDER BY user_id, seq LIMIT 1"},
        {&next_lane_, "SELECT user_id, seq FROM parked WHERE user_id > ? ORDER BY user_id, seq LIMIT 1"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

result<bool, sqlite_error> parking::empty() {
    auto rows = any_.query();
    const bool any = rows.next();
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return !any;
}

result<std::vector<sequence>, sqlite_error> parking::next(std::string_view user_id, sequence after, sequence below,
                                                          std::size_t limit) {
    std::vector<sequence> numbers;
    auto rows = next_.query(user_id, after, below, limit);
    while (rows.next()) {
        numbers.push_back(static_cast<sequence>(rows.integer(0)));
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return numbers;
}

result<std::optional<parking::lane>, sqlite_error> parking::next_lane(const std::optional<std::string>& after) {
    std::optional<lane> found;
    auto rows = after ? next_lane_.query(*after) : first_lane_.query();
    if (rows.next()) {
        found = lane{std::string{rows.bytes(0)}, static_cast<sequence>(rows.integer(1))};
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

}  // namespace posthaste
