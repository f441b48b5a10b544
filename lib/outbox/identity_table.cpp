#include "lib/outbox/identity_table.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace posthaste {
namespace {

constexpr std::size_t most_spared = 500;  // in one go (rule 4)

sqlite_blob blob_of(const identity_key& key) {
    return {std::string_view(reinterpret_cast<const char*>(key.data()), key.size())};
}

}  // namespace

sqlite_result identity_table::prepare(sqlite_connection& database) {
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&find_, "SELECT fetched_at, used_at, content_type, body FROM identities WHERE key = ?"},
        {&keep_, "REPLACE INTO identities (key, fetched_at, used_at, content_type, body) VALUES (?,?,?,?,?)"},
        {&touch_, "UPDATE identities SET used_at = ? WHERE key = ?"},
        {&erase_, "DELETE FROM identities WHERE key = ?"},
        {&count_, "SELECT count(*) FROM identities"},
        {&oldest_, "SELECT key FROM identities ORDER BY used_at LIMIT 1"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

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

sqlite_result identity_table::apply(const identity_change& change) {
    switch (change.what) {
        case identity_change::kind::keep:
            return keep(change.key, change.answer);
        case identity_change::kind::touch:
            return touch_.run(change.answer.used_at, blob_of(change.key));
        case identity_change::kind::erase:
            break;
    }
    used_.erase(change.key);
    return erase_.run(blob_of(change.key));
}

sqlite_result identity_table::keep(const identity_key& key, const kept_identity& answer) {
    const auto kept = keep_.run(blob_of(key), answer.fetched_at, answer.used_at, std::string_view(answer.content_type),
                                sqlite_blob{answer.body});
    return kept ? drop_surplus(answer.used_at) : kept;
}

// The one that was used the longest ago, as the disk knows it, stays after all where it was used since.
sqlite_result identity_table::drop_surplus(wall_time now) {
    std::int64_t surplus = 0;
    {
        auto rows = count_.query();
        if (!rows.next()) {
            return rows.end();
        }
        surplus = rows.integer(0) - static_cast<std::int64_t>(most);
    }
    for (std::size_t spared = 0; surplus > 0;) {
        const auto found = oldest();
        if (!found || !*found) {
            return found ? sqlite_result{} : found.error();
        }
        const identity_key& key = **found;
        const bool spare = used_.erase(key) > 0 && ++spared <= most_spared;
        if (const auto done = spare ? touch_.run(now, blob_of(key)) : erase_.run(blob_of(key)); !done) {
            return done;
        }
        surplus -= spare ? 0 : 1;
    }
    return {};
}

result<std::optional<identity_key>, sqlite_error> identity_table::oldest() {
    std::optional<identity_key> found;
    auto rows = oldest_.query();
    if (rows.next()) {
        const auto bytes = rows.bytes(0);
        identity_key& key = found.emplace();
        std::copy_n(bytes.begin(), std::min(bytes.size(), key.size()), key.begin());
    }
    if (const auto read = found ? sqlite_result{} : rows.end(); !read) {
        return read.error();
    }
    return found;
}

}  // namespace posthaste
