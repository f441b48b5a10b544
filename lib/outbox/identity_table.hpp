// What the upstream said of users (lib/identity): answers, of which the least recently used go once there are too many.
// How many those are, and what they weigh, the ledger knows. Belongs to the store's thread.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// Half a SHA-256 of what was asked and of whom.
using identity_key = std::array<std::uint8_t, 16>;

struct kept_identity {
    wall_time fetched_at;
    wall_time used_at{};  // some minutes behind; of one that is to be kept it does not matter
    std::string content_type;
    std::string body;
};

struct identity_change {
    enum class kind { keep, touch, erase };

    kind what = kind::erase;
    identity_key key{};
    kept_identity answer{};  // keep
};

class identity_table {
  public:
    static constexpr std::uint64_t most = 10'000;
    // What an answer counts against queue.max_bytes, beside its content type and body: its row and its places in two
    // indexes. Where it changes, so must what the counters hold (lib/outbox/migrations.cpp).
    static constexpr std::uint64_t row_bytes = 128;
    [[nodiscard]] static std::uint64_t weight_of(const kept_identity& answer) noexcept {
        return row_bytes + answer.content_type.size() + answer.body.size();
    }

    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);
    [[nodiscard]] result<std::optional<kept_identity>, sqlite_error> find(const identity_key& key);
    // What of it counts against queue.max_bytes; 0: it is not here.
    [[nodiscard]] result<std::uint64_t, sqlite_error> weigh(const identity_key& key);

    // In a transaction, all of these. keep() replaces. `now` tells which are used the longest ago.
    [[nodiscard]] sqlite_result keep(const identity_key& key, const kept_identity& answer, wall_time now);
    [[nodiscard]] sqlite_result touch(const identity_key& key, wall_time now);
    [[nodiscard]] sqlite_result erase(const identity_key& key);
    struct dropped {
        stored_weight gone;
        bool all = false;  // none is left
    };
    // Of the least recently used ones at least as many, and as heavy ones, as are too many. Looks at `slice` of them at
    // most: with more to come a later call goes on.
    [[nodiscard]] result<dropped, sqlite_error> drop(const stored_weight& excess, std::size_t slice, wall_time now);

  private:
    struct row {
        std::int64_t id = 0;
        identity_key key{};
        std::uint64_t weight = 0;
    };
    // The one that was used the longest ago, as the disk knows it.
    [[nodiscard]] result<std::optional<row>, sqlite_error> oldest();

    sqlite_statement find_;
    sqlite_statement weigh_;
    sqlite_statement keep_;
    sqlite_statement touch_;
    sqlite_statement erase_;
    sqlite_statement oldest_;
    sqlite_statement drop_;
    std::set<identity_key> used_;  // found since their used_at was written: that costs a write only for who is to go
};

}  // namespace posthaste
