#include "lib/outbox/identity_table.hpp"

#include <string_view>
#include <utility>

namespace posthaste {
namespace {

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
        {&drop_,
         "DELETE FROM identities WHERE key IN (SELECT key FROM identities ORDER BY used_at "
         "LIMIT max(0, (SELECT count(*) FROM identities) - ?))"},
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
    return erase_.run(blob_of(change.key));
}

sqlite_result identity_table::keep(const identity_key& key, const kept_identity& answer) {
    const auto kept = keep_.run(blob_of(key), answer.fetched_at, answer.used_at, std::string_view(answer.content_type),
                                sqlite_blob{answer.body});
    return kept ? drop_.run(most) : kept;
}

}  // namespace posthaste
