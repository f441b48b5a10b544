#include "lib/outbox/retry_table.hpp"

#include "lib/outbox/error_columns.hpp"

namespace posthaste {
sqlite_result retry_table::prepare(sqlite_connection& database) {
    database_ = &database;
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&update_,
         "UPDATE retries SET attempts = ?2, conflicts = ?3, next_at = ?4, first_failed_at = ?5, error_at = ?6, "
         "error_status = ?7, error_message = ?8 WHERE seq = ?1"},
        {&insert_,
         "INSERT INTO retries (seq, attempts, conflicts, next_at, first_failed_at, error_at, error_status, "
         "error_message) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM events WHERE seq = ?1)"},
        {&find_,
         "SELECT attempts, conflicts, next_at, first_failed_at, error_at, error_status, error_message "
         "FROM retries WHERE seq = ?"},
        {&erase_, "DELETE FROM retries WHERE seq BETWEEN ? AND ?"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

result<retry_table::noted, sqlite_error> retry_table::note(sequence number, const attempt_history& h) {
    const auto error = error_columns_of(h.last_error);
    for (auto* statement : {&update_, &insert_}) {
        const auto written = statement->run(number, h.attempts, h.conflicts_in_a_row, h.next_at, h.first_failed_at,
                                            error.at, error.status, error.message);
        if (!written) {
            return written.error();
        }
        if (database_->changes() > 0) {
            return statement == &update_ ? noted::again : noted::first;
        }
    }
    return noted::unknown_event;
}

result<std::optional<attempt_history>, sqlite_error> retry_table::find(sequence number) {
    std::optional<attempt_history> found;
    auto rows = find_.query(number);
    if (rows.next()) {
        found.emplace();
        found->attempts = static_cast<std::uint32_t>(rows.integer(0));
        found->conflicts_in_a_row = static_cast<std::uint32_t>(rows.integer(1));
        found->next_at = rows.time(2);
        found->first_failed_at = rows.optional_time(3);
        found->last_error = read_attempt_error(rows, 4);
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

result<std::uint64_t, sqlite_error> retry_table::erase(sequence first, sequence last) {
    if (const auto erased = erase_.run(first, last); !erased) {
        return erased.error();
    }
    return database_->changes();
}

}  // namespace posthaste
