#include "lib/outbox/key_index.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string_view>

namespace posthaste {
namespace {

// A pass is over before half as many have gathered anew as it takes to begin the next.
constexpr std::size_t passes_for_all_new = 2;

std::int64_t hash_of(const std::array<std::uint8_t, 16>& key) {
    std::int64_t hash = 0;
    std::memcpy(&hash, key.data(), sizeof hash);
    static_assert(std::endian::native == std::endian::little, "the index on the disk is in this order");
    return hash;
}

// What is there is known by row, and by the key's bytes. A damaged one stands for nothing.
template <class Known>
void read_key(const sqlite_rows& row, Known known) {
    std::array<std::uint8_t, 16> key{};
    if (const auto bytes = row.bytes(1); bytes.size() == key.size()) {
        std::ranges::copy(bytes, reinterpret_cast<char*>(key.data()));
        known(hash_of(key), static_cast<sequence>(row.integer(0)));
    }
}

}  // namespace

key_index::key_index(key_index_sizes sizes) : sizes_(sizes), known_(sizes.generation), older_(sizes.generation) {}

sqlite_result key_index::prepare(sqlite_connection& database) {
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&rows_, "SELECT seq, key FROM idempotency_keys WHERE seq > ? ORDER BY seq"},
        {&older_rows_, "SELECT seq, key FROM idempotency_keys WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"},
        {&oldest_row_, "SELECT seq FROM idempotency_keys ORDER BY seq LIMIT 1"},
        {&find_, "SELECT seq FROM idempotency_index WHERE hash = ?"},
        {&place_, "INSERT OR REPLACE INTO idempotency_index (hash, seq) VALUES (?,?)"},
        {&sweep_, "DELETE FROM idempotency_index WHERE hash BETWEEN ? AND ? AND seq < ?"},
        {&through_, "SELECT through FROM idempotency_index_state WHERE one = 1"},
        {&save_, "UPDATE idempotency_index_state SET through = ? WHERE one = 1"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return load();
}

sqlite_result key_index::load() {
    gathered_.clear();
    pass_.clear();
    swept_ = 0;
    const auto through = number_of(through_);
    if (!through) {
        return through.error();
    }
    const bool first = !unfiltered_through_;  // later, all of these were noted or loaded before
    auto rows = rows_.query(*through);
    while (rows.next()) {
        last_ = static_cast<sequence>(rows.integer(0));
        read_key(rows, [this, first](std::int64_t hash, sequence number) {
            gathered_[hash] = number;
            if (first) {
                known_.add(static_cast<std::uint64_t>(hash), number);
            }
        });
    }
    auto read = rows.end();
    loaded_ = read.has_value();
    if (loaded_ && first) {
        unfiltered_through_ = *through;
    }
    return read;
}

result<sequence, sqlite_error> key_index::number_of(sqlite_statement& statement) {
    auto rows = statement.query();
    const auto number = rows.next() ? static_cast<sequence>(rows.integer(0)) : sequence{0};
    const auto read = rows.end();
    return read ? result<sequence, sqlite_error>{number} : read.error();
}

result<sequence, sqlite_error> key_index::find(const std::array<std::uint8_t, 16>& key) {
    if (const auto current = loaded_ ? sqlite_result{} : load(); !current) {
        return current.error();
    }
    const auto hash = hash_of(key);
    const bool all_filtered = unfiltered_ == *unfiltered_through_;
    const auto bits = static_cast<std::uint64_t>(hash);
    if (all_filtered && !known_.may_hold(bits) && !older_.may_hold(bits)) {
        return sequence{0};
    }
    if (const auto found = gathered_.find(hash); found != gathered_.end()) {
        return found->second;
    }
    const auto at = std::ranges::lower_bound(pass_, hash, {}, &entry::hash);
    if (at != pass_.end() && at->hash == hash) {
        return at->number;
    }
    auto rows = find_.query(hash);
    const auto number = rows.next() ? static_cast<sequence>(rows.integer(0)) : sequence{0};
    const auto read = number != 0 ? sqlite_result{} : rows.end();
    return read ? result<sequence, sqlite_error>{number} : read.error();
}

sqlite_result key_index::note(const std::array<std::uint8_t, 16>& key, sequence number) {
    if (auto current = loaded_ ? sqlite_result{} : load(); !current) {
        return current;
    }
    const auto hash = hash_of(key);
    gathered_[hash] = last_ = number;
    known_.add(static_cast<std::uint64_t>(hash), number);
    ++noted_;
    return {};
}

sqlite_result key_index::carry_on() {
    if (noted_ == 0) {
        return {};
    }
    if (auto filtered = filter_older(); !filtered) {
        return filtered;
    }
    if (pass_.empty() && gathered_.size() >= sizes_.gathered) {
        if (auto begun = begin_pass(); !begun) {
            return begun;
        }
    }
    if (pass_.empty()) {
        return {};
    }
    if (auto placed =
            place(std::min(pass_.size(), placed_ + noted_ * (pass_.size() * passes_for_all_new / sizes_.gathered + 1)));
        !placed) {
        return placed;
    }
    return placed_ == pass_.size() ? end_pass() : sqlite_result{};
}

sqlite_result key_index::filter_older() {
    if (unfiltered_ == *unfiltered_through_) {
        return {};
    }
    std::size_t read = 0;
    auto rows = older_rows_.query(unfiltered_, *unfiltered_through_, sizes_.filtered);
    for (; rows.next(); ++read) {
        unfiltered_ = static_cast<sequence>(rows.integer(0));
        read_key(rows,
                 [this](std::int64_t hash, sequence number) { older_.add(static_cast<std::uint64_t>(hash), number); });
    }
    auto ended = rows.end();
    if (ended && read < sizes_.filtered) {
        unfiltered_ = *unfiltered_through_;
    }
    return ended;
}

sqlite_result key_index::begin_pass() {
    const auto oldest = number_of(oldest_row_);
    if (!oldest) {
        return oldest.error();
    }
    oldest_ = *oldest;
    known_.forget_before(oldest_);
    older_.forget_before(oldest_);
    pass_through_ = last_;
    placed_ = 0;
    pass_.reserve(gathered_.size());
    for (const auto& [hash, number] : gathered_) {
        pass_.push_back({hash, number});
    }
    std::ranges::sort(pass_, {}, &entry::hash);
    gathered_.clear();
    return {};
}

sqlite_result key_index::place(std::size_t until) {
    using bounds = std::numeric_limits<std::int64_t>;
    if (swept_ < oldest_) {
        const auto from = placed_ == 0 ? bounds::min() : pass_[placed_].hash;
        const auto to = until == pass_.size() ? bounds::max() : pass_[until].hash - 1;
        if (auto swept = sweep_.run(from, to, oldest_); !swept) {
            return swept;
        }
    }
    for (; placed_ < until; ++placed_) {
        const auto& one = pass_[placed_];
        if (auto placed = one.number < oldest_ ? sqlite_result{} : place_.run(one.hash, one.number); !placed) {
            return placed;
        }
    }
    return {};
}

sqlite_result key_index::end_pass() {
    swept_ = oldest_;
    pass_ = {};
    return save_.run(pass_through_);
}

void key_index::rolled_back() noexcept {
    loaded_ = loaded_ && noted_ == 0;
    noted_ = 0;
}

}  // namespace posthaste
