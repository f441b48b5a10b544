// Recovery of files whose pages are partly destroyed: every row that can be read comes back, and never a wrong one.

#include <random>

#include "tests/unit/outbox/damaged_file.hpp"

namespace posthaste {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

TEST(recovery_of_pages, loses_the_rows_of_destroyed_pages_and_no_other) {
    for (const char garbage : {'\0', '\x55', '\xff'}) {
        damaged_file t;
        t.fill(400);
        t.close_whole();
        const auto leaves = t.leaves_of("events");
        ASSERT_GT(leaves.size(), 20U);
        std::vector<std::int64_t> lost;
        for (const std::size_t at : {std::size_t{0}, std::size_t{7}, std::size_t{9}, leaves.size() - 1}) {
            t.destroy_page(leaves[at].first.page, garbage);
            lost.insert(lost.end(), leaves[at].second.begin(), leaves[at].second.end());
        }
        const auto report = t.recover_some();
        EXPECT_EQ(report.pending.saved, 400 - lost.size());
        EXPECT_EQ(report.pending.unreadable.size(), 4U);
        for (const auto number : lost) {
            EXPECT_TRUE(std::ranges::any_of(report.pending.unreadable, [&](const id_range& range) {
                return range.first <= number && number <= range.last;
            })) << number;
        }
        EXPECT_THAT(t.recovered_numbers(), ElementsAreArray(t.all_but(lost)));
        EXPECT_EQ(t.append(ticket()).number, 401U);
    }
}

TEST(recovery_of_pages, comes_to_an_end_where_the_tree_leads_in_a_circle) {
    damaged_file t;
    t.fill(400);
    t.close_whole();
    const auto leaves = t.leaves_of("events");
    const auto root = t.root_of("events");
    const auto file = bytes_of(t.queue.path);
    const std::string root_bytes{'\0', '\0', static_cast<char>(root >> 8), static_cast<char>(root)};
    std::vector<std::int64_t> lost;
    for (const std::size_t cell : {5, 6, 9, 10}) {  // each names the root where it named a leaf
        const std::size_t page = (root - 1) * damaged_file::page_size;
        const std::size_t at = static_cast<unsigned char>(file[page + 12 + 2 * cell]) << 8 |
                               static_cast<unsigned char>(file[page + 13 + 2 * cell]);
        overwrite(t.queue.path, page + at, root_bytes);
        lost.insert(lost.end(), leaves[cell].second.begin(), leaves[cell].second.end());
    }
    EXPECT_EQ(t.recover_some().pending.unreadable.size(), 2U);
    EXPECT_THAT(t.recovered_numbers(), ElementsAreArray(t.all_but(lost)));
}

TEST(recovery_of_pages, loses_only_what_stands_below_a_destroyed_inner_page) {
    damaged_file t;
    t.fill(8000);
    t.close_whole();
    // The first page below the root: its last four bytes of the head name the leaf of its highest rows.
    const auto file = bytes_of(t.queue.path);
    const auto number_at = [&](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t n = 0; n < 4; ++n) {
            value = value << 8 | static_cast<unsigned char>(file[at + n]);
        }
        return value;
    };
    const std::size_t root = (t.root_of("events") - 1) * damaged_file::page_size;
    const std::size_t cell =
        static_cast<unsigned char>(file[root + 12]) << 8 | static_cast<unsigned char>(file[root + 13]);
    const auto inner = number_at(root + cell);
    const std::size_t inner_at = (inner - 1) * damaged_file::page_size;
    ASSERT_EQ(file[inner_at], 5) << "the tree has three levels";
    const auto highest = number_at(inner_at + 8);
    std::vector<std::int64_t> lost;
    for (const auto& [leaf, numbers] : t.leaves_of("events")) {
        lost.insert(lost.end(), numbers.begin(), numbers.end());
        if (leaf.page == highest) {
            break;
        }
    }
    t.destroy_page(inner);
    const auto report = t.recover_some();
    EXPECT_EQ(report.pending.unreadable.size(), 1U);
    EXPECT_EQ(report.pending.unreadable.at(0).last, lost.back());
    EXPECT_THAT(t.recovered_numbers(), ElementsAreArray(t.all_but(lost)));
    EXPECT_GT(t.box->totals().pending, 1000U);
}

TEST(recovery_of_pages, brings_back_all_of_the_other_pages_whatever_bytes_are_flipped) {
    std::mt19937 random(11);
    for (int round = 0; round < 30; ++round) {
        damaged_file t;
        t.fill(150);
        t.close_whole();
        const auto leaves = t.leaves_of("events");
        std::vector<std::int64_t> touched;
        for (int flips = 0; flips < 6; ++flips) {
            const auto& [leaf, numbers] = leaves[random() % leaves.size()];
            const std::size_t at = (leaf.page - 1) * damaged_file::page_size + random() % (flips < 3 ? 60 : 4096);
            overwrite(t.queue.path, at, std::string(1 + random() % 4, static_cast<char>(random())));
            touched.insert(touched.end(), numbers.begin(), numbers.end());
        }
        SCOPED_TRACE(round);
        t.recover_some();
        EXPECT_THAT(t.recovered_numbers(), IsSupersetOf(t.all_but(touched)));
    }
}

TEST(recovery_of_pages, takes_no_wrong_row_from_a_file_that_is_damaged_all_over) {
    std::mt19937 random(12);
    for (int round = 0; round < 30; ++round) {
        damaged_file t;
        t.fill(200, 900);
        t.settle({failed(1, t.now), failed(2, t.now)});
        t.settle({dead(3, t.now), delivered(4, t.now)});
        t.close_whole();
        const auto size = std::filesystem::file_size(t.queue.path);
        for (int flips = 0; flips < 40; ++flips) {
            const auto at = damaged_file::page_size + random() % (size - damaged_file::page_size);
            overwrite(t.queue.path, at, std::string(1 + random() % 8, static_cast<char>(random())));
        }
        SCOPED_TRACE(round);
        if (const auto report = t.recover(); report) {
            EXPECT_EQ(t.recovered_numbers().size(), report->pending.saved);
        } else {
            EXPECT_EQ(report.error().code, exit_code::failed) << report.error().message;
        }
    }
}

TEST(recovery_of_pages, loses_only_the_row_whose_overflow_pages_are_destroyed) {
    damaged_file t;
    t.fill(20, 16'700);  // of which some hundred bytes stand on the leaf: several rows share one
    t.close_whole();
    const auto file = bytes_of(t.queue.path);
    // Pages in the middle of the bodies of numbers 5 ('e') and 9 ('i').
    for (const char body : {'e', 'i'}) {
        const auto at = file.find(std::string(3000, body)) / damaged_file::page_size + 2;
        ASSERT_EQ(file.substr(at * damaged_file::page_size + 4, 3000), std::string(3000, body));
        if (body == 'e') {
            overwrite(t.queue.path, at * damaged_file::page_size, std::string(4, '\xff'));  // the next page's number
        } else {
            overwrite(t.queue.path, at * damaged_file::page_size + 50, "x");
        }
    }
    const auto report = t.recover_some();
    EXPECT_THAT(report.pending.unreadable, testing::ElementsAre(id_range{5, 5}));
    EXPECT_EQ(report.pending.damaged, 1U);
    EXPECT_THAT(t.recovered_numbers(), ElementsAreArray(t.all_but({5, 9})));
}

TEST(recovery_of_pages, takes_what_a_truncated_file_still_holds) {
    for (const std::size_t pages : {19, 23, 34}) {
        damaged_file t;
        t.fill(400);
        t.close_whole();
        std::vector<std::int64_t> lost;
        for (const auto& [leaf, numbers] : t.leaves_of("events")) {
            if (leaf.page > pages) {
                lost.insert(lost.end(), numbers.begin(), numbers.end());
            }
        }
        std::filesystem::resize_file(t.queue.path, pages * damaged_file::page_size + 100);
        ASSERT_FALSE(lost.empty());
        t.recover_some();
        EXPECT_THAT(t.recovered_numbers(), ElementsAreArray(t.all_but(lost)));
    }
}

TEST(recovery_of_pages, takes_the_log_of_a_truncated_file_too) {
    damaged_file t;
    t.fill(800);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.fill(100);
    t.box.reset();
    std::filesystem::resize_file(t.queue.path, 10 * damaged_file::page_size);
    const auto report = t.recover_some();
    EXPECT_EQ(report.write_ahead_log, log_use::whole);
    EXPECT_GE(report.pending.saved, 100U);
    EXPECT_THAT(t.recovered_numbers(), testing::Contains(900));
}

TEST(recovery_of_pages, names_as_lost_whatever_a_run_of_delivered_events_may_have_held) {
    damaged_file t;
    t.fill(300);
    std::vector<settlement> apart;
    for (sequence number = 1; number < 300; number += 2) {
        apart.push_back(delivered(number, t.now));
    }
    t.settle(apart);
    t.close_whole();
    const auto leaf = t.leaves_of("delivered_runs").at(1).first;
    t.destroy_page(leaf.page);
    const auto report = t.recover_some();
    ASSERT_EQ(report.delivered.unreadable.size(), 1U);
    EXPECT_EQ(report.delivered.unreadable[0].first, leaf.first);
    EXPECT_EQ(report.delivered.unreadable[0].last, leaf.last + std::int64_t{facts_run::most_events} - 1);
}

TEST(recovery_of_pages, saves_each_table_for_itself) {
    for (const std::string table : {"events", "dead", "delivered_runs", "retries", "meta"}) {
        damaged_file t;
        t.fill(30);
        t.settle({failed(1, t.now)});
        t.settle({dead(2, t.now), delivered(3, t.now)});
        t.close_whole();
        t.destroy_page(t.root_of(table));
        SCOPED_TRACE(table);
        const auto report = t.recover_some();
        EXPECT_EQ(report.pending.saved, table == "events" ? 0U : 28U);
        EXPECT_EQ(report.dead.saved, table == "dead" ? 0U : 1U);
        EXPECT_EQ(report.delivered.saved, table == "delivered_runs" ? 0U : 1U);
        EXPECT_EQ(report.histories.saved, table == "retries" || table == "events" ? 0U : 1U);
        EXPECT_EQ(report.counted.has_value(), table != "meta");
        EXPECT_FALSE(report.complete());
        EXPECT_EQ(t.recovered_numbers().size(), report.pending.saved);
    }
}

TEST(recovery_of_the_log, uses_the_commits_before_the_damage) {
    damaged_file t;
    ASSERT_TRUE(t.box->checkpoint_whole());
    std::vector<std::uintmax_t> ends;
    const auto log = t.queue.path + "-wal";
    for (int commit = 0; commit < 4; ++commit) {
        t.fill(1);
        ends.push_back(std::filesystem::file_size(log));
    }
    t.box.reset();
    overwrite(log, ends[2] - 100, "damage");  // in the third
    const auto report = t.recover_some();
    EXPECT_EQ(report.write_ahead_log, log_use::in_part);
    EXPECT_FALSE(report.complete());
    EXPECT_THAT(t.recovered_numbers(), testing::ElementsAre(1, 2));
}

TEST(recovery_of_the_log, takes_a_commit_that_a_crash_cut_off_for_no_damage) {
    damaged_file t;
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.fill(2);
    t.box.reset();
    const auto log = t.queue.path + "-wal";
    const auto bytes = bytes_of(log);
    std::ofstream(log, std::ios::binary | std::ios::app) << bytes.substr(32, 2000);
    EXPECT_TRUE(t.recover_some().complete());
}

TEST(recovery_of_the_log, does_without_a_log_that_cannot_be_used) {
    damaged_file t;
    t.fill(5);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.fill(1);
    t.box.reset();
    overwrite(t.queue.path + "-wal", 8, "XXXX");
    const auto report = t.recover_some();
    EXPECT_EQ(report.write_ahead_log, log_use::unusable);
    EXPECT_THAT(t.recovered_numbers(), testing::ElementsAre(1, 2, 3, 4, 5));
}

TEST(recovery_of_the_log, does_without_a_log_that_makes_the_database_unreadable) {
    damaged_file t;
    t.fill(5);
    t.close_whole();
    // The log of a database without tables: sound, and it replaces the first page.
    const auto other = t.folder / "other.db";
    sqlite_connection database;
    std::ofstream(other).flush();
    ASSERT_TRUE(database.open(other));
    ASSERT_TRUE(database.execute("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA user_version = 8"));
    std::filesystem::copy_file(other + "-wal", t.queue.path + "-wal",
                               std::filesystem::copy_options::overwrite_existing);
    const auto report = t.recover_some();
    EXPECT_EQ(report.write_ahead_log, log_use::unusable);
    EXPECT_THAT(t.recovered_numbers(), testing::ElementsAre(1, 2, 3, 4, 5));
}

}  // namespace
}  // namespace posthaste
