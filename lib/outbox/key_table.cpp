#include "lib/outbox/key_table.hpp"

#include <algorithm>
#include <string_view>

namespace posthaste {
namespace {

sqlite_blob blob_of(const std::array<std::uint8_t, 16>& bytes) {
    return {std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())};
}

template <class Array>
bool read_exactly(std::string_view from, Array& to) {
    if (from.size() != to.size()) {
        return false;
    }
    std::ranges::copy(from, reinterpret_cast<char*>(to.data()));
    return true;
}

}  // namespace

sqlite_result key_table::prepare(sqlite_connection& database) {
    database_ = &database;
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&find_, "SELECT request, first_id, events FROM idempotency_keys WHERE seq = ? AND key = ?"},
        {&note_, "INSERT INTO idempotency_keys (seq, key, request, first_id, events) VALUES (?,?,?,?,?)"},
        {&oldest_, "SELECT seq, first_id FROM idempotency_keys ORDER BY seq LIMIT ?"},
        {&drop_, "DELETE FROM idempotency_keys WHERE seq <= ?"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return index_.prepare(database);
}

result<std::optional<key_table::row>, sqlite_error> key_table::find(const idempotency& key, wall_time now) {
    std::optional<row> found;
    const auto number = index_.find(key.key);
    if (!number || *number == 0) {
        return number ? result<std::optional<row>, sqlite_error>{found} : number.error();
    }
    auto rows = find_.query(*number, blob_of(key.key));
    if (rows.next()) {
        found.emplace();
        const bool sound =
            read_exactly(rows.bytes(0), found->request) && read_exactly(rows.bytes(1), found->stands_for.first.bytes);
        found->stands_for.events = static_cast<std::uint64_t>(std::max<std::int64_t>(rows.integer(2), 1));
        // A damaged row stands for nothing any more.
        found->over = !sound || time_of(found->stands_for.first) + keep <= now;
    }
    if (const auto read = found ? sqlite_result{} : rows.end(); !read) {
        return read.error();
    }
    return found;
}

sqlite_result key_table::note(sequence number, const idempotency& key, const receipt& stands_for) {
    auto noted = note_.run(number, blob_of(key.key), blob_of(key.request), stands_for.first, stands_for.events);
    return noted ? index_.note(key.key, number) : noted;
}

result<sequence, sqlite_error> key_table::due(std::uint64_t excess, std::size_t slice, wall_time now) {
    sequence last = 0;
    if (excess == 0 && expiry_ && *expiry_ > now) {
        return last;
    }
    expiry_.reset();
    auto rows = oldest_.query(slice);
    for (std::uint64_t taken = 0; rows.next(); ++taken) {
        uuid first;
        const bool sound = read_exactly(rows.bytes(1), first.bytes);
        if (const auto expires = time_of(first) + keep; sound && taken >= excess && expires > now) {
            expiry_ = expires;
            break;
        }
        last = static_cast<sequence>(rows.integer(0));
    }
    const auto read = expiry_ ? sqlite_result{} : rows.end();
    return read ? result<sequence, sqlite_error>{last} : read.error();
}

result<std::uint64_t, sqlite_error> key_table::drop_through(sequence last) {
    if (const auto dropped = drop_.run(last); !dropped) {
        return dropped.error();
    }
    return database_->changes();
}

result<std::optional<wall_time>, sqlite_error> key_table::next_expiry() {
    if (!expiry_) {
        auto rows = oldest_.query(1);
        uuid first;
        if (rows.next()) {
            expiry_ = read_exactly(rows.bytes(1), first.bytes) ? time_of(first) + keep : wall_time{};
        }
        if (const auto read = expiry_ ? sqlite_result{} : rows.end(); !read) {
            return read.error();
        }
    }
    return expiry_;
}

}  // namespace posthaste
