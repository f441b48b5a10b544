// Finds the row of an idempotency key, without a page of the disk for each new one.
//
// Keys are hashes, so each would dirty a page of its own somewhere in an index, which costs more than all else that is
// written for its event. So new ones gather in memory, and once there are many, they are put into the index on the disk
// in its own order, some with each commit, many to a page. In the same pass goes what stands there for rows that are
// gone. A start reads back what had only gathered: the rows behind the last whole pass.
//
// A new key is looked up too: a filter in memory spares it the index on the disk. After a start it is filled from the
// rows that were there, a slice with each commit that has new keys; until then every look-up goes to the disk.
//
// Of a key the first 8 bytes are kept, so what is found is only the row to look at. Belongs to the store's thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/outbox/key_filter.hpp"
#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct key_index_sizes {
    std::size_t gathered = 32'768;     // so many new ones begin a pass
    std::size_t filtered = 256;        // rows of before the start, that go into the filter with a commit
    std::size_t generation = 131'072;  // of the filter (key_filter)
};

class key_index {
  public:
    explicit key_index(key_index_sizes sizes = {});

    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);

    // The newest row that the key may stand in; 0: it stands in none.
    [[nodiscard]] result<sequence, sqlite_error> find(const std::array<std::uint8_t, 16>& key);
    // Of a row that is written in this transaction.
    [[nodiscard]] sqlite_result note(const std::array<std::uint8_t, 16>& key, sequence number);
    // Carries the pass on by what this transaction's new keys ask for. In a transaction, behind its note()s.
    [[nodiscard]] sqlite_result carry_on();

    // Keys that the filter holds: what its memory goes with.
    [[nodiscard]] std::size_t filtered() const noexcept { return known_.keys() + older_.keys(); }

    void committed() noexcept { noted_ = 0; }
    // What was gathered is read from the disk again, where the transaction had changed it.
    void rolled_back() noexcept;

  private:
    struct entry {
        std::int64_t hash = 0;
        sequence number = 0;
    };

    [[nodiscard]] sqlite_result load();
    [[nodiscard]] sqlite_result begin_pass();
    [[nodiscard]] sqlite_result place(std::size_t until);
    [[nodiscard]] sqlite_result end_pass();
    [[nodiscard]] sqlite_result filter_older();
    [[nodiscard]] result<sequence, sqlite_error> number_of(sqlite_statement& statement);

    const key_index_sizes sizes_;
    std::unordered_map<std::int64_t, sequence> gathered_;
    std::vector<entry> pass_;    // what is being put into the index, in its order; empty: no pass is under way
    std::size_t placed_ = 0;     // of them
    sequence oldest_ = 0;        // row that there was when the pass began
    sequence swept_ = 0;         // what stands for rows below is gone from the index
    sequence last_ = 0;          // row that was noted
    sequence pass_through_ = 0;  // the last row of the pass
    std::size_t noted_ = 0;      // in this transaction
    bool loaded_ = false;

    key_filter known_;                            // the keys that were noted or loaded since the start
    key_filter older_;                            // those in rows before them
    sequence unfiltered_ = 0;                     // what is missing in it: rows behind this one ...
    std::optional<sequence> unfiltered_through_;  // ... up to this one; empty: nothing was loaded yet

    sqlite_statement rows_;
    sqlite_statement older_rows_;
    sqlite_statement oldest_row_;
    sqlite_statement find_;
    sqlite_statement place_;
    sqlite_statement sweep_;
    sqlite_statement through_;
    sqlite_statement save_;
};

}  // namespace posthaste
