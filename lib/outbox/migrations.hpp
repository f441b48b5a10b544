// The outbox's tables, and the way from each earlier version of them to the present one (rule 13).
//
// The version stands in user_version. Each migration is one transaction: a crash leaves the version before or the
// version after. A migration that was released is never edited; a change of the tables is a further one.

#pragma once

#include "lib/outbox/sqlite.hpp"

namespace posthaste {

// "phst": tells an outbox from other SQLite databases.
inline constexpr std::int64_t outbox_application_id = 0x70687374;

// The version that this build reads and writes.
[[nodiscard]] int outbox_schema_version() noexcept;

enum class outbox_kind { empty, ours, newer, foreign };

struct outbox_version {
    outbox_kind kind = outbox_kind::empty;
    std::int64_t version = 0;
};

// Reads, never writes.
[[nodiscard]] result<outbox_version, sqlite_error> read_outbox_version(sqlite_connection& database) noexcept;

// From `version` to the present one. Outside of a transaction.
[[nodiscard]] sqlite_result migrate(sqlite_connection& database, std::int64_t version) noexcept;

}  // namespace posthaste
