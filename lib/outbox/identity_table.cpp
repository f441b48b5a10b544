#include "lib/outbox/identity_table.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace posthaste {

// Reads no body.
#define POSTHASTE_IDENTITY_SIZE "length(CAST(content_type AS BLOB)) + length(body)"

namespace {

sqlite_blob blob_of(const identity_key& key) {
    return {std::string_view(reinterpret_cast<const char*>(key.data()), key.size())};
}

}  // namespace

sqlite_result identity_table::prepare(sqlite_connection& database) {
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&find_, "SELECT fetched_at, used_at, content_type, body FROM identities WHERE key = ?"},
        {&weigh_, "SELECT " POSTHASTE_IDENTITY_SIZE " FROM identities WHERE key = ?"},
        {&keep_, "REPLACE INTO identities (key, fetched_at, used_at, content_type, body) VALUES (?,?,?,?,?)"},
        {&touch_, "UPDATE identities SET used_at = ? WHERE key = ?"},
        {&erase_, "DELETE FROM identities WHERE key = ?"},
        {&oldest_, "SELECT rowid, key, " POSTHASTE_IDENTITY_SIZE " FROM identities ORDER BY used_at LIMIT 1"},
        {&drop_, "DELETE FROM identities WHERE rowid = ?"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

#undef POSTHASTE_IDENTITY_SIZE

result<std::optional<kept_identity>, sqlite_error> identity_table::find(const identity_key& key) {
    std::optional<kept_identity> found;
    auto rows = find_.query(blob_of(key));
    if (rows.next()) {
        found = kept_identity{.fetched_at = rows.time(0),
                              .used_at = rows.time(1),
                              .content_type = std::string(rows.bytes(2)),
                              .body = std::string(rows.bytes(3))};
        used_.insert(key);
    }
    if (const auto read = found ? sqlite_result{} : rows.end(); !read) {
        return read.error();
    }
    return found;
}

result<std::uint64_t, sqlite_error> identity_table::weigh(const identity_key& key) {
    auto rows = weigh_.query(blob_of(key));
    if (rows.next()) {
        return row_bytes + static_cast<std::uint64_t>(rows.integer(0));
    }
    const auto read = rows.end();
    return read ? result<std::uint64_t, sqlite_error>{0} : read.error();
}

sqlite_result identity_table::keep(const identity_key& key, const kept_identity& answer, wall_time now) {
    used_.erase(key);
    return keep_.run(blob_of(key), answer.fetched_at, now, std::string_view(answer.content_type),
                     sqlite_blob{answer.body});
}

sqlite_result identity_table::touch(const identity_key& key, wall_time now) {
    used_.erase(key);
    return touch_.run(now, blob_of(key));
}

sqlite_result identity_table::erase(const identity_key& key) {
    used_.erase(key);
    return erase_.run(blob_of(key));
}

// One that was used since the disk was told of it stays after all, and the disk is told.
result<identity_table::dropped, sqlite_error> identity_table::drop(const stored_weight& excess, std::size_t slice,
                                                                   wall_time now) {
    dropped done;
    const auto enough = [&] { return done.gone.rows >= excess.rows && done.gone.bytes >= excess.bytes; };
    for (std::size_t seen = 0; seen < slice && !enough(); ++seen) {
        const auto found = oldest();
        if (!found) {
            return found.error();
        }
        if (!*found) {
            done.all = true;
            return done;
        }
        if (used_.contains((*found)->key)) {
            if (const auto spared = touch((*found)->key, now); !spared) {
                return spared.error();
            }
            continue;
        }
        if (const auto gone = drop_.run((*found)->id); !gone) {
            return gone.error();
        }
        ++done.gone.rows;
        done.gone.bytes += (*found)->weight;
    }
    return done;
}

result<std::optional<identity_table::row>, sqlite_error> identity_table::oldest() {
    std::optional<row> found;
    auto rows = oldest_.query();
    if (rows.next()) {
        const auto bytes = rows.bytes(1);
        row& one = found.emplace();
        one.id = rows.integer(0);
        std::copy_n(bytes.begin(), std::min(bytes.size(), one.key.size()), one.key.begin());
        one.weight = row_bytes + static_cast<std::uint64_t>(rows.integer(2));
    }
    if (const auto read = found ? sqlite_result{} : rows.end(); !read) {
        return read.error();
    }
    return found;
}

}  // namespace posthaste
