// What the upstream said of users (lib/identity): a bounded number of answers, of which the least recently used go.
//
// Small and rarely written: it does not count against queue.max_bytes. Belongs to the store's thread.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "lib/outbox/sqlite.hpp"

namespace posthaste {

// Half a SHA-256 of what was asked and of whom.
using identity_key = std::array<std::uint8_t, 16>;

struct kept_identity {
    wall_time fetched_at;
    wall_time used_at;  // on disk some minutes behind
    std::string content_type;
    std::string body;
};

struct identity_change {
    enum class kind { keep, touch, erase };

    kind what = kind::erase;
    identity_key key{};
    kept_identity answer{};  // keep; touch: its used_at
};

class identity_table {
  public:
    static constexpr std::size_t most = 10'000;

    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);
    [[nodiscard]] result<std::optional<kept_identity>, sqlite_error> find(const identity_key& key);
    // In a transaction.
    [[nodiscard]] sqlite_result apply(const identity_change& change);

  private:
    [[nodiscard]] sqlite_result keep(const identity_key& key, const kept_identity& answer);
    [[nodiscard]] sqlite_result drop_surplus(wall_time now);
    [[nodiscard]] result<std::optional<identity_key>, sqlite_error> oldest();

    sqlite_statement find_;
    sqlite_statement keep_;
    sqlite_statement touch_;
    sqlite_statement erase_;
    sqlite_statement count_;
    sqlite_statement oldest_;
    std::set<identity_key> used_;  // found since their used_at was written: that costs a write only for who is to go
};

}  // namespace posthaste
