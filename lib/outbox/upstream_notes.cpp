#include "lib/outbox/upstream_notes.hpp"

#include <utility>

namespace posthaste {

sqlite_result upstream_notes::prepare(sqlite_connection& database) {
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&load_, "SELECT paused, paused_at, guard_armed, reached_with FROM upstream_memory WHERE one = 1"},
        {&save_, "REPLACE INTO upstream_memory (one, paused, paused_at, guard_armed, reached_with) VALUES (1,?,?,?,?)"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

result<upstream_memory, sqlite_error> upstream_notes::load() {
    using kind = upstream_memory::pause;
    upstream_memory found;
    auto rows = load_.query();
    if (rows.next()) {
        const auto paused = rows.integer(0);
        found.paused = paused == 1 ? kind::by_hand : paused == 2 ? kind::rejecting_everything : kind::none;
        found.paused_at = rows.optional_time(1);
        found.guard_armed = rows.integer(2) != 0;
        found.reached_with = rows.bytes(3);
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

sqlite_result upstream_notes::save(const upstream_memory& what) {
    const auto paused = what.paused == upstream_memory::pause::none      ? 0
                        : what.paused == upstream_memory::pause::by_hand ? 1
                                                                         : 2;
    return save_.run(paused, what.paused_at, what.guard_armed ? 1 : 0, what.reached_with);
}

}  // namespace posthaste
