// The idempotency keys of the last 24 hours: which events a key stands for. Written in those events' own commit.
//
// A row has the number of its first event, so rows are in the order of age, the oldest in front;
// lib/outbox/key_index.hpp finds them by key. Bounded in time and number; what is over goes in slices. Belongs to the
// store's thread.

#pragma once

#include <optional>

#include "lib/outbox/key_index.hpp"
#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class key_table {
  public:
    static constexpr milliseconds keep = std::chrono::hours{24};
    // What a key counts against queue.max_bytes: its row and its place in the index.
    static constexpr std::uint64_t row_bytes = 128;

    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);

    struct row {
        std::array<std::uint8_t, 16> request{};
        receipt stands_for;
        bool over = false;  // its time is
    };
    [[nodiscard]] result<std::optional<row>, sqlite_error> find(const idempotency& key, wall_time now);
    // Of events that are being stored. From now on the key stands for them, and for nothing before.
    [[nodiscard]] sqlite_result note(sequence number, const idempotency& key, const receipt& stands_for);
    // What its index has to do in each transaction, behind its note()s.
    [[nodiscard]] sqlite_result carry_on() { return index_.carry_on(); }
    void committed() noexcept { index_.committed(); }
    void rolled_back() noexcept {
        index_.rolled_back();
        expiry_.reset();
    }

    // The last row of a slice that is to be dropped: `excess` rows are too many, or their time is over. 0: none.
    [[nodiscard]] result<sequence, sqlite_error> due(std::uint64_t excess, std::size_t slice, wall_time now);
    // How many there were.
    [[nodiscard]] result<std::uint64_t, sqlite_error> drop_through(sequence last);
    // When due() has something to drop because of its age; empty: there is no key.
    [[nodiscard]] result<std::optional<wall_time>, sqlite_error> next_expiry();

  private:
    sqlite_connection* database_ = nullptr;
    key_index index_;
    std::optional<wall_time> expiry_;  // of the oldest, where it is known
    sqlite_statement find_;
    sqlite_statement note_;
    sqlite_statement oldest_;
    sqlite_statement drop_;
};

}  // namespace posthaste
