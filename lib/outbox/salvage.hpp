// Every row of a table that can be read, out of a file whose pages are partly destroyed.
//
// The rows are taken in order for as long as that goes; from the first page that cannot be read on, leaf by leaf, and
// in a leaf that cannot be read as a whole, row by row. An undamaged table costs one scan.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/table_tree.hpp"

namespace posthaste {

// first ≤ id ≤ last.
struct id_range {
    std::int64_t first = 0;
    std::int64_t last = 0;

    friend bool operator==(const id_range&, const id_range&) = default;
};

// Given each row as it is read. The error is the taker's own, and ends the salvage.
using row_taker = std::function<sqlite_result(const sqlite_rows&)>;

class table_salvage {
  public:
    // `source` is a connection on `file` that tolerates damage; `columns` begins with the row's id.
    table_salvage(sqlite_connection& source, std::string file, std::string table, const std::string& columns,
                  row_taker take);

    [[nodiscard]] sqlite_result run();
    // Ids whose rows could not be read, if there were any: ascending ranges.
    [[nodiscard]] const std::vector<id_range>& unreadable() const noexcept { return unreadable_; }

  private:
    // Empty: all rows of the range were read. Else those from this id on were not.
    using stopped_at = std::optional<std::int64_t>;

    [[nodiscard]] result<stopped_at, sqlite_error> scan(id_range range);
    [[nodiscard]] sqlite_result salvage_from(std::int64_t first);
    [[nodiscard]] sqlite_result salvage_leaf(table_tree& tree, const table_leaf& leaf);
    [[nodiscard]] sqlite_result salvage_each(const std::vector<std::int64_t>& ids, std::int64_t from);
    void lose(id_range range);

    sqlite_connection& source_;
    std::string file_;
    std::string table_;
    row_taker take_;
    sqlite_statement rows_;
    bool prepared_ = false;
    std::uint64_t rows_read_ = 0;
    std::vector<id_range> unreadable_;
};

}  // namespace posthaste
