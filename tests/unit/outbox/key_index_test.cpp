#include "lib/outbox/key_index.hpp"

#include <map>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "lib/outbox/migrations.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using key_bytes = std::array<std::uint8_t, 16>;

key_bytes key(std::uint64_t number) {
    std::mt19937_64 spread(number);
    key_bytes made{};
    for (auto& byte : made) {
        byte = static_cast<std::uint8_t>(spread());
    }
    return made;
}

// The index and the rows that it finds, on a file.
struct indexed_keys : testing::Test {
    static constexpr std::size_t enough = 64;
    static constexpr std::size_t filtered_at_once = 8;

    temporary_folder folder;
    sqlite_connection database;
    std::optional<key_index> index;
    sequence next = 1;

    indexed_keys() {
        const std::string path = folder / "keys.db";
        std::fclose(std::fopen(path.c_str(), "w"));
        database.open(path).value();
        migrate(database, 0).value();
        restart();
    }
    ~indexed_keys() { index.reset(); }

    void restart() {
        index.emplace(key_index_sizes{.gathered = enough, .filtered = filtered_at_once, .generation = 32});
        index->prepare(database).value();
    }

    void begin() { database.execute("BEGIN").value(); }
    sequence note(std::uint64_t which) {
        const auto of = key(which);
        database
            .prepare("INSERT INTO idempotency_keys (seq, key, request, first_id, events) VALUES (?,?,x'00',x'00',1)")
            .value()
            .run(next, sqlite_blob{{reinterpret_cast<const char*>(of.data()), of.size()}})
            .value();
        index->note(of, next).value();
        return next++;
    }
    void commit() {
        index->carry_on().value();
        database.execute("COMMIT").value();
        index->committed();
    }
    void roll_back() {
        index->carry_on().value();
        database.execute("ROLLBACK").value();
        index->rolled_back();
    }
    void note_each_alone(std::uint64_t from, std::uint64_t to) {
        for (auto which = from; which < to; ++which) {
            begin();
            note(which);
            commit();
        }
    }

    sequence find(std::uint64_t which) { return index->find(key(which)).value(); }
    std::int64_t count(const char* sql) { return database.integer(sql).value(); }
};

TEST_F(indexed_keys, are_found_from_their_note_on_and_after_a_restart) {
    begin();
    EXPECT_EQ(note(7), 1U);
    EXPECT_EQ(find(7), 1U);
    EXPECT_EQ(find(8), 0U);
    commit();
    restart();
    EXPECT_EQ(find(7), 1U);
    EXPECT_EQ(find(8), 0U);
}

TEST_F(indexed_keys, are_put_into_the_index_on_the_disk_once_there_are_many) {
    note_each_alone(0, enough - 1);
    EXPECT_EQ(count("SELECT count(*) FROM idempotency_index"), 0);
    note_each_alone(enough - 1, 10 * enough);
    EXPECT_GE(count("SELECT count(*) FROM idempotency_index"), static_cast<std::int64_t>(8 * enough));
    // What a start has to read back.
    EXPECT_LE(count("SELECT count(*) FROM idempotency_keys WHERE seq > (SELECT through FROM idempotency_index_state)"),
              static_cast<std::int64_t>(2 * enough));
    for (std::uint64_t which = 0; which < 10 * enough; ++which) {
        ASSERT_EQ(find(which), which + 1);
    }
    restart();
    for (std::uint64_t which = 0; which < 10 * enough; ++which) {
        ASSERT_EQ(find(which), which + 1);
    }
}

TEST_F(indexed_keys, leave_the_index_once_their_rows_are_gone) {
    note_each_alone(0, 4 * enough + 30);  // the last of them are in memory only
    database.execute("DELETE FROM idempotency_keys WHERE seq <= 270").value();
    note_each_alone(1000, 1000 + 4 * enough);
    EXPECT_EQ(count("SELECT count(*) FROM idempotency_index WHERE seq <= 270"), 0);
    EXPECT_LE(index->filtered(), next - 270 + 32);  // and the filter
    EXPECT_EQ(find(0), 0U);
    EXPECT_EQ(find(270), 271U);
}

TEST_F(indexed_keys, of_before_a_start_are_found_while_the_filter_is_filled_and_after) {
    note_each_alone(0, 10 * enough);
    database.execute("DELETE FROM idempotency_keys WHERE seq BETWEEN 301 AND 330").value();  // a gap is no end
    restart();
    std::uint64_t next_new = 1000;
    for (std::uint64_t commits = 0; commits < 2 * 10 * enough / filtered_at_once; ++commits) {
        for (std::uint64_t which = commits % 7; which < 10 * enough; which += 7) {
            if (which >= 300 && which < 330) continue;
            ASSERT_EQ(find(which), which + 1) << commits << " commits after the start";
        }
        note_each_alone(next_new, next_new + 1);
        ++next_new;
    }
}

TEST_F(indexed_keys, stand_in_the_filter_once_however_often_a_transaction_fails) {
    note_each_alone(0, 20);
    for (int times = 0; times < 100; ++times) {
        begin();
        note(1000);
        roll_back();
        --next;
        ASSERT_EQ(find(7), 8U);
    }
    EXPECT_LE(index->filtered(), 20U + 100U);
}

TEST_F(indexed_keys, of_before_a_start_leave_the_filter_once_their_rows_are_gone) {
    note_each_alone(0, 4 * enough);
    restart();
    note_each_alone(1000, 1000 + 4 * enough);
    EXPECT_GE(index->filtered(), 8 * enough);
    database.execute(("DELETE FROM idempotency_keys WHERE seq < " + std::to_string(next)).c_str()).value();
    note_each_alone(2000, 2000 + 4 * enough);
    EXPECT_LE(index->filtered(), 4 * enough + 32);
}

// Against a map: notes of new and known keys, transactions that fail, rows that go, and restarts.
TEST_F(indexed_keys, are_found_whatever_came_between) {
    std::mt19937_64 random(20261126);
    std::map<std::uint64_t, sequence> newest;
    sequence oldest = 1;
    for (int step = 0; step < 3000; ++step) {
        auto after = newest;
        const auto number_before = next;
        begin();
        for (auto notes = random() % 4; notes > 0; --notes) {
            const auto which = random() % 2000;
            after[which] = note(which);
        }
        if (random() % 20 == 0) {
            roll_back();
            next = number_before;
        } else {
            commit();
            newest = after;
        }
        if (random() % 50 == 0) {
            oldest = std::max(oldest, next > 900 ? next - 900 : 1);
            database.execute(("DELETE FROM idempotency_keys WHERE seq < " + std::to_string(oldest)).c_str()).value();
        }
        if (random() % 200 == 0) {
            restart();
        }
        const auto which = random() % 2000;
        const auto found = find(which);
        const auto known = newest.find(which);
        const bool there = known != newest.end() && known->second >= oldest;
        // What stands for a row that is gone may still be found: there is no such row then.
        ASSERT_EQ(found >= oldest ? found : 0, there ? known->second : 0) << "step " << step;
    }
}

}  // namespace
}  // namespace posthaste
