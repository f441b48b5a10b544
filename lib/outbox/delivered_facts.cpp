#include "lib/outbox/delivered_facts.hpp"

namespace posthaste {

sqlite_result delivered_facts::prepare(sqlite_connection& database, milliseconds keep) {
    database_ = &database;
    keep_ = keep;
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&remember_,
         "INSERT OR REPLACE INTO delivered (seq, id, user_id, name, received_at, delivered_at, attempts, status) "
         "SELECT seq, id, user_id, name, received_at, ?3, ?4, ?5 FROM events WHERE seq BETWEEN ?1 AND ?2"},
        {&nth_, "SELECT seq FROM delivered ORDER BY seq LIMIT 1 OFFSET ?"},
        {&oldest_, "SELECT seq, delivered_at FROM delivered ORDER BY seq LIMIT ?"},
        {&drop_, "DELETE FROM delivered WHERE seq <= ?"},
        {&find_,
         "SELECT name, user_id, received_at, delivered_at, attempts, status FROM delivered WHERE seq = ? AND id = ?"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

result<std::uint64_t, sqlite_error> delivered_facts::drop_through(sequence last) {
    if (const auto dropped = drop_.run(last); !dropped) {
        return dropped.error();
    }
    return database_->changes();
}

result<sequence, sqlite_error> delivered_facts::due(std::uint64_t excess, std::size_t slice, wall_time now) {
    sequence last = 0;
    if (excess > 0) {
        auto rows = nth_.query(excess - 1);
        last = rows.next() ? static_cast<sequence>(rows.integer(0)) : 0;
        if (const auto read = rows.end(); !read) {
            return read.error();
        }
        expiry_.reset();
    } else if (!expiry_ || *expiry_ <= now) {
        expiry_.reset();
        auto rows = oldest_.query(slice);
        while (rows.next()) {
            if (const auto expires = rows.time(1) + keep_; expires > now) {
                expiry_ = expires;
                break;
            }
            last = static_cast<sequence>(rows.integer(0));
        }
        if (const auto read = rows.end(); !read) {
            return read.error();
        }
    }
    return last;
}

result<std::optional<wall_time>, sqlite_error> delivered_facts::next_expiry() {
    if (!expiry_) {
        auto rows = oldest_.query(1);
        expiry_ = rows.next() ? std::optional{rows.time(1) + keep_} : std::nullopt;
        if (const auto read = rows.end(); !read) {
            return read.error();
        }
    }
    return expiry_;
}

result<std::optional<event_facts>, sqlite_error> delivered_facts::find(sequence number, const uuid& id, wall_time now) {
    std::optional<event_facts> found;
    auto rows = find_.query(number, id);
    if (rows.next() && rows.time(3) + keep_ > now) {
        found.emplace();
        found->id = id;
        found->state = event_state::delivered;
        found->name = rows.bytes(0);
        found->user_id = rows.bytes(1);
        found->received_at = rows.time(2);
        found->delivered_at = rows.time(3);
        found->attempts = static_cast<std::uint32_t>(rows.integer(4));
        found->response_status = static_cast<int>(rows.integer(5));
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

}  // namespace posthaste
