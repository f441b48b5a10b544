#include "lib/outbox/salvage.hpp"

#include <algorithm>
#include <limits>

namespace posthaste {
namespace {

constexpr id_range everything{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};

}  // namespace

table_salvage::table_salvage(sqlite_connection& source, std::string file, std::string table, const std::string& columns,
                             row_taker take)
    : source_(source), file_(std::move(file)), table_(std::move(table)), take_(std::move(take)) {
    const std::string sql = "SELECT " + columns + " FROM " + table_ + " WHERE seq BETWEEN ? AND ? ORDER BY seq";
    prepared_ = static_cast<bool>(source_.prepare(rows_, sql.c_str()));
}

sqlite_result table_salvage::run() {
    if (!prepared_) {  // its entry in the schema is destroyed
        lose(everything);
        return {};
    }
    const auto stopped = scan(everything);
    if (!stopped) {
        return stopped.error();
    }
    return *stopped ? salvage_from(**stopped) : sqlite_result{};
}

// Whatever SQLite says of a row that it cannot read (corrupt, an I/O error, too big): the row is not to be had.
result<table_salvage::stopped_at, sqlite_error> table_salvage::scan(id_range range) {
    auto next = range.first;
    auto rows = rows_.query(range.first, range.last);
    while (rows.next()) {
        const auto id = rows.integer(0);
        if (id < next || id > range.last) {
            return stopped_at{next};  // the tree leads in a circle
        }
        if (const auto taken = take_(rows); !taken) {
            return taken.error();
        }
        ++rows_read_;
        if (id == range.last) {
            return stopped_at{};  // what follows is none of ours, and may be a page that cannot be read
        }
        next = id + 1;
    }
    return rows.end() ? stopped_at{} : stopped_at{next};
}

sqlite_result table_salvage::salvage_from(std::int64_t first) {
    const auto root = source_.integer(("SELECT rootpage FROM sqlite_schema WHERE name = '" + table_ + "'").c_str());
    const auto page_size = source_.integer("PRAGMA page_size");
    if (!root || !page_size) {
        lose({first, everything.last});
        return {};
    }
    table_tree tree(file_, static_cast<std::uint32_t>(*page_size));
    for (auto leaf : tree.leaves(static_cast<std::uint32_t>(*root))) {
        if (leaf.last < first) {
            continue;
        }
        leaf.first = std::max(leaf.first, first);
        if (auto salvaged = salvage_leaf(tree, leaf); !salvaged) {
            return salvaged;
        }
    }
    return {};
}

sqlite_result table_salvage::salvage_leaf(table_tree& tree, const table_leaf& leaf) {
    const auto stopped = scan({leaf.first, leaf.last});
    if (!stopped) {
        return stopped.error();
    }
    if (!*stopped) {
        return {};
    }
    const auto ids = tree.rows_of(leaf);
    if (!ids) {
        lose({**stopped, leaf.last});
        return {};
    }
    // None of them may be left: the scan may have stopped at the page behind this one.
    return salvage_each(*ids, **stopped);
}

sqlite_result table_salvage::salvage_each(const std::vector<std::int64_t>& ids, std::int64_t from) {
    bool lost = false;  // the row before
    for (auto id = std::ranges::lower_bound(ids, from); id != ids.end(); ++id) {
        const auto rows_before = rows_read_;
        const auto stopped = scan({*id, *id});
        if (!stopped) {
            return stopped.error();
        }
        const bool missing = rows_read_ == rows_before;
        if (missing && lost) {
            unreadable_.back().last = *id;
        } else if (missing) {
            lose({*id, *id});
        }
        lost = missing;
    }
    return {};
}

void table_salvage::lose(id_range range) {
    if (!unreadable_.empty() && unreadable_.back().last == range.first - 1) {
        unreadable_.back().last = range.last;
    } else {
        unreadable_.push_back(range);
    }
}

}  // namespace posthaste
