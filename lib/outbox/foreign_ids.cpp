#include "lib/outbox/foreign_ids.hpp"

namespace posthaste {

sqlite_result foreign_ids::prepare(sqlite_connection& database) {
    database_ = &database;
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&change_, "UPDATE foreign_ids SET seq = ?2 WHERE id = ?1"},
        {&note_, "INSERT INTO foreign_ids (id, seq) VALUES (?,?)"},
        {&find_, "SELECT seq FROM foreign_ids WHERE id = ?"},
        {&forget_pending_,
         "DELETE FROM foreign_ids WHERE id IN (SELECT id FROM events WHERE seq BETWEEN ?1 AND ?2) "
         "AND seq BETWEEN ?1 AND ?2"},
        {&forget_one_, "DELETE FROM foreign_ids WHERE id = ? AND seq = ?"},
        {&forget_dead_,
         "DELETE FROM foreign_ids WHERE id IN (SELECT id FROM dead WHERE seq BETWEEN ?1 AND ?2) "
         "AND seq BETWEEN ?1 AND ?2"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

result<bool, sqlite_error> foreign_ids::note(const uuid& id, sequence number) {
    if (const auto changed = change_.run(id, number); !changed) {
        return changed.error();
    }
    if (database_->changes() > 0) {
        return false;
    }
    if (const auto noted = note_.run(id, number); !noted) {
        return noted.error();
    }
    return true;
}

result<std::optional<sequence>, sqlite_error> foreign_ids::find(const uuid& id) {
    auto rows = find_.query(id);
    const auto found = rows.next() ? std::optional{static_cast<sequence>(rows.integer(0))} : std::nullopt;
    if (const auto read = found ? sqlite_result{} : rows.end(); !read) {
        return read.error();
    }
    return found;
}

result<std::uint64_t, sqlite_error> foreign_ids::forget(home table, sequence first, sequence last) {
    auto& statement = table == home::pending ? forget_pending_ : forget_dead_;
    if (const auto forgotten = statement.run(first, last); !forgotten) {
        return forgotten.error();
    }
    return database_->changes();
}

result<std::uint64_t, sqlite_error> foreign_ids::forget(const uuid& id, sequence number) {
    if (const auto forgotten = forget_one_.run(id, number); !forgotten) {
        return forgotten.error();
    }
    return database_->changes();
}

}  // namespace posthaste
