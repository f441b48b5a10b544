#include "lib/outbox/migrations.hpp"

#include <array>
#include <string>

#include "lib/outbox/delivered_facts.hpp"

namespace posthaste {
namespace {

// Rule 2: no secondary index; what only failures need stands in tables that only failures write. Short columns come
// before the body, so that reading them never follows a long body's overflow pages.
constexpr const char* version_1 = R"sql(
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    next_seq INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    discarded INTEGER NOT NULL,
    purged INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    retrying INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    delivered_kept INTEGER NOT NULL,
    boots INTEGER NOT NULL,
    booted_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    id BLOB NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    api_version TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    tracestate TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE retries (
    seq INTEGER PRIMARY KEY,
    attempts INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    first_failed_at INTEGER,
    error_at INTEGER,
    error_status INTEGER,
    error_message TEXT
) STRICT;
CREATE TABLE parked (
    user_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead (
    seq INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    id BLOB NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    api_version TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    tracestate TEXT NOT NULL,
    dead_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    first_failed_at INTEGER,
    error_at INTEGER,
    error_status INTEGER,
    error_message TEXT,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE delivered (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    status INTEGER NOT NULL
) STRICT;
)sql";

// Version 2: the dead go by their age and weight (rule 7), and an id may stand for another number than it carries.
constexpr const char* version_2 = R"sql(
CREATE INDEX dead_by_time ON dead (dead_at);
CREATE TABLE foreign_ids (
    id BLOB PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE meta ADD COLUMN dead_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN foreign_ids INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET dead_bytes = (SELECT ifnull(sum(bytes & 0x7fffffff), 0) FROM dead);
)sql";

// Version 3: what is parked stays known over a restart (lib/outbox/parking.hpp), as earlier parkings were not; and so
// is what delivery knows of the upstream.
constexpr const char* version_3 = R"sql(
DELETE FROM parked;
ALTER TABLE meta ADD COLUMN parked_to INTEGER NOT NULL DEFAULT 0;
CREATE TABLE upstream_memory (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    paused INTEGER NOT NULL,
    paused_at INTEGER,
    guard_armed INTEGER NOT NULL,
    reached_with TEXT NOT NULL
) STRICT;
)sql";

// Version 4: idempotency keys (lib/outbox/key_table.hpp).
constexpr const char* version_4 = R"sql(
CREATE TABLE idempotency_keys (
    seq INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    request BLOB NOT NULL,
    first_id BLOB NOT NULL,
    events INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX idempotency_keys_by_key ON idempotency_keys (key);
ALTER TABLE meta ADD COLUMN keys INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN keys_dropped INTEGER NOT NULL DEFAULT 0;
)sql";

// Version 5: what the upstream said of users (lib/outbox/identity_table.hpp).
constexpr const char* version_5 = R"sql(
CREATE TABLE identities (
    key BLOB PRIMARY KEY,
    fetched_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX identities_by_use ON identities (used_at);
)sql";

// Version 6: the index of idempotency keys is written in its own order (lib/outbox/key_index.hpp).
constexpr const char* version_6 = R"sql(
DROP INDEX idempotency_keys_by_key;
CREATE TABLE idempotency_index (
    hash INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
CREATE TABLE idempotency_index_state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    through INTEGER NOT NULL
) STRICT;
INSERT INTO idempotency_index_state VALUES (1, 0);
)sql";

// Version 7: facts of delivered events stand many to a row (lib/outbox/facts_run.hpp). The old table goes first: with
// both, the schema would need more than the file's first page, and a file of which little is left could not be read.
// Short columns come before the facts, so that reading them never follows overflow pages.
constexpr const char* version_7 = R"sql(
DROP TABLE delivered;
CREATE TABLE delivered_runs (
    seq INTEGER PRIMARY KEY,
    events INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    facts BLOB NOT NULL
) STRICT;
)sql";

sqlite_result to_version_7(sqlite_connection& database) {
    const auto kept = read_facts_in_rows(database);  // of 100,000 events at most
    if (!kept) {
        return kept.error();
    }
    delivered_facts packed;
    auto done = database.execute(version_7);
    done = done ? packed.prepare(database, {}) : done;
    done = done ? packed.keep(*kept) : done;
    return done ? database.execute(
                      "UPDATE meta SET delivered_kept = "
                      "(SELECT ifnull(sum(events), 0) FROM delivered_runs)")
                : done;
}

// Version 8: what is kept of users counts against queue.max_bytes; an answer's row as 128 bytes. A sum over the table,
// which holds 10,000 answers at most and is read without their bodies.
constexpr const char* version_8 = R"sql(
ALTER TABLE meta ADD COLUMN identities INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN identity_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET (identities, identity_bytes) =
    (SELECT count(*), ifnull(sum(128 + length(CAST(content_type AS BLOB)) + length(body)), 0) FROM identities);
UPDATE meta SET bytes = bytes + identity_bytes;
)sql";

struct migration {
    const char* statements = nullptr;
    sqlite_result (*function)(sqlite_connection&) = nullptr;  // or what SQL alone cannot do
};

// Entry n leads from version n to n + 1.
constexpr std::array migrations{migration{version_1},
                                migration{version_2},
                                migration{version_3},
                                migration{version_4},
                                migration{version_5},
                                migration{version_6},
                                migration{.function = to_version_7},
                                migration{version_8}};

// In a transaction, which is left open where it fails.
sqlite_result advance(sqlite_connection& database, std::size_t from) {
    const auto& [statements, function] = migrations[from];
    auto done = database.execute("BEGIN IMMEDIATE");
    done = !done ? done : function != nullptr ? function(database) : database.execute(statements);
    const std::string marks = "PRAGMA application_id = " + std::to_string(outbox_application_id) +
                              "; PRAGMA user_version = " + std::to_string(from + 1) + "; COMMIT";
    return done ? database.execute(marks.c_str()) : done;
}

}  // namespace

int outbox_schema_version() noexcept {
    return static_cast<int>(migrations.size());
}

result<outbox_version, sqlite_error> read_outbox_version(sqlite_connection& database) noexcept {
    const auto application = database.integer("PRAGMA application_id");
    const auto version = database.integer("PRAGMA user_version");
    const auto objects = database.integer("SELECT count(*) FROM sqlite_schema");
    for (const auto* read : {&application, &version, &objects}) {
        if (!*read) {
            return read->error();
        }
    }
    if (*application == 0 && *version == 0 && *objects == 0) {
        return outbox_version{outbox_kind::empty, 0};
    }
    if (*application != outbox_application_id || *version < 1) {
        return outbox_version{outbox_kind::foreign, *version};
    }
    return outbox_version{*version > outbox_schema_version() ? outbox_kind::newer : outbox_kind::ours, *version};
}

sqlite_result migrate(sqlite_connection& database, std::int64_t version) noexcept {
    for (auto at = static_cast<std::size_t>(version); at < migrations.size(); ++at) {
        if (const auto done = advance(database, at); !done) {
            if (database.in_transaction()) {
                static_cast<void>(database.execute("ROLLBACK"));  // the first failure is the one to report
            }
            return done;
        }
    }
    return {};
}

}  // namespace posthaste
