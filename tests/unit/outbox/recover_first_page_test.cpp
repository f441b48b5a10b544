// Recovery of files whose first page is damaged, in a few bytes or altogether: nothing of what the others hold is lost.

#include <random>

#include "tests/unit/outbox/damaged_file.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

struct damage {
    const char* what;
    std::size_t at;
    std::string bytes;
};

// An outbox with something in each table; everything stands in the file itself.
struct outbox_of_all_kinds : damaged_file {
    std::string whole;

    outbox_of_all_kinds() {
        fill(60);
        settle({delivered(1, now), delivered(2, now)});
        settle({failed(4, now)});
        settle({dead(5, now)});
        close_whole();
        whole = bytes_of(queue.path);
    }

    void damage_by(const damage& one) const {
        overwrite(queue.path, 0, whole.substr(0, page_size));
        overwrite(queue.path, one.at, one.bytes);
    }

    void expect_everything(const char* what) {
        SCOPED_TRACE(what);
        const auto before = bytes_of(queue.path);
        const auto report = recover();
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_EQ(report->pending.saved, 57U);
        EXPECT_EQ(report->dead.saved, 1U);
        EXPECT_EQ(report->delivered.saved, 2U);
        EXPECT_EQ(report->histories.saved, 1U);
        EXPECT_TRUE(report->complete());
        EXPECT_TRUE(report->first_page_damaged);
        EXPECT_EQ(bytes_of(queue.path), before);
        const auto from = std::exchange(queue.path, recovered);
        EXPECT_EQ(recovered_numbers().size(), 57U);
        box.reset();
        queue.path = from;
    }
};

std::string number(std::uint32_t value) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) {
        bytes += static_cast<char>(value >> shift);
    }
    return bytes;
}

TEST(recovery_of_the_first_page, loses_nothing_by_a_damaged_head) {
    const damage all[] = {
        {"the magic", 0, "X"},
        {"the page size", 16, std::string("\x02\0", 2)},
        {"a page size that cannot be", 16, "\x7f\x7f"},
        {"the versions of the format", 18, "\x07\x07"},
        {"no write-ahead log", 18, "\x01\x01"},
        {"reserved bytes", 20, "\x40"},
        {"the payload fractions", 21, std::string(3, '\0')},
        {"the version of the schema's format", 44, number(9)},
        {"the encoding", 56, number(2)},
        {"the version", 60, number(0x01000007)},
        {"no version", 60, number(0)},
        {"incremental vacuum", 64, number(0)},
        {"the program", 68, number(77)},
        {"the encoding and what follows", 56, std::string(44, '\xff')},
        {"the first 16 bytes", 0, std::string(16, '\0')},
        {"all of it", 0, std::string(100, '\0')},
        {"all of it, in other bytes", 0, std::string(100, '\xff')},
    };
    outbox_of_all_kinds t;
    for (const auto& one : all) {
        t.damage_by(one);
        t.expect_everything(one.what);
    }
}

TEST(recovery_of_the_first_page, loses_nothing_whatever_bytes_of_it_are_overwritten) {
    std::mt19937 random(13);
    outbox_of_all_kinds t;
    for (int round = 0; round < 30; ++round) {
        std::string bytes(1 + random() % 40, '\0');
        std::ranges::generate(bytes, [&] { return static_cast<char>(random()); });
        const std::size_t at = random() % (round < 20 ? 100 : damaged_file::page_size - 40);
        t.damage_by({"", at, bytes});
        const auto report = t.recover();
        ASSERT_TRUE(report) << report.error().message << at << " " << bytes.size();
        EXPECT_TRUE(report->complete()) << at << " " << bytes.size();
        EXPECT_EQ(report->pending.saved, 57U) << at << " " << bytes.size();
    }
}

TEST(recovery_of_the_first_page, does_not_go_by_the_numbers_of_pages_there) {
    for (const auto& one : {damage{"few pages", 28, number(3)}, damage{"many pages", 28, number(0x7fffffff)},
                            damage{"free pages", 32, number(6) + number(5)}}) {
        SCOPED_TRACE(one.what);
        outbox_of_all_kinds t;
        t.damage_by(one);
        EXPECT_TRUE(t.recover_some().complete());
        EXPECT_EQ(t.recovered_numbers().size(), 57U);
    }
}

TEST(recovery_of_the_first_page, loses_nothing_by_a_damaged_list_of_tables) {
    outbox_of_all_kinds t;
    const auto events = t.whole.find("CREATE TABLE events");
    ASSERT_LT(events, damaged_file::page_size);
    const damage all[] = {
        {"the page's kind", 100, std::string(1, '\0')},
        {"the number of tables", 103, std::string(2, '\0')},
        {"one table", events, "DELETE"},
        {"another type", t.whole.find("body BLOB", events) + 5, "TEXT"},
        {"another page", events - 1, "\x05"},
        {"all of them", 100, std::string(damaged_file::page_size - 100, '\0')},
        {"all of the page", 0, std::string(damaged_file::page_size, '\0')},
        {"all of the page, in other bytes", 0, std::string(damaged_file::page_size, 'x')},
    };
    for (const auto& one : all) {
        t.damage_by(one);
        t.expect_everything(one.what);
    }
}

TEST(recovery_of_the_first_page, finds_a_sound_one_sound) {
    outbox_of_all_kinds t;
    EXPECT_FALSE(t.recover_some().first_page_damaged);
}

// Where its tables stand does not depend on what it held, nor on how many versions it has come through.
TEST(recovery_of_the_first_page, knows_it_of_an_outbox_that_began_with_an_earlier_version) {
    for (const int version : {1, 2, 3, 4, 5, 6, 7}) {
        SCOPED_TRACE(version);
        damaged_file t;
        t.box.reset();
        std::filesystem::remove(t.queue.path + "-wal");
        std::filesystem::copy_file(
            POSTHASTE_SOURCE_DIR "/tests/unit/outbox/fixtures/outbox-v" + std::to_string(version) + ".db", t.queue.path,
            std::filesystem::copy_options::overwrite_existing);
        t.open();
        const auto totals = t.box->totals();
        EXPECT_GT(totals.pending, 0U);
        t.close_whole();
        EXPECT_FALSE(t.recover_some().first_page_damaged);
        t.destroy_page(1);
        const auto report = t.recover_some();
        EXPECT_TRUE(report.complete());
        EXPECT_EQ(report.pending.saved, totals.pending);
        EXPECT_EQ(report.dead.saved, totals.dead);
    }
}

// Only what is kept of delivered events stood in another place before version 7.
TEST(recovery_of_the_first_page, brings_back_the_events_of_an_earlier_version_too) {
    for (const std::string version : {"v1", "v6", "v7"}) {
        for (const std::size_t size : {std::size_t{16}, damaged_file::page_size}) {
            SCOPED_TRACE(version + ", bytes: " + std::to_string(size));
            damaged_file t;
            t.box.reset();
            std::filesystem::remove(t.queue.path + "-wal");
            std::filesystem::copy_file(POSTHASTE_SOURCE_DIR "/tests/unit/outbox/fixtures/outbox-" + version + ".db",
                                       t.queue.path, std::filesystem::copy_options::overwrite_existing);
            const auto sound = t.recover_some();
            ASSERT_GT(sound.pending.saved, 0U);
            overwrite(t.queue.path, 0, std::string(size, '\0'));
            const auto report = t.recover_some();
            EXPECT_EQ(report.pending.saved, sound.pending.saved);
            EXPECT_EQ(report.dead.saved, sound.dead.saved);
            EXPECT_EQ(report.histories.saved, sound.histories.saved);
            const bool all = size == 16 || version == "v7";
            EXPECT_EQ(report.delivered.saved, all ? sound.delivered.saved : 0U);
            EXPECT_EQ(report.complete(), all);
        }
    }
}

TEST(recovery_of_the_first_page, refuses_what_a_newer_posthaste_wrote_but_not_a_damaged_version) {
    outbox_of_all_kinds t;
    alter(t.queue.path, "PRAGMA user_version = 99");
    EXPECT_EQ(t.recover_some().pending.saved, 57U);
    alter(t.queue.path, "ALTER TABLE events ADD COLUMN more INTEGER");
    const auto newer = t.recover();
    ASSERT_FALSE(newer);
    EXPECT_THAT(newer.error().message, HasSubstr("written by a newer posthaste"));
}

TEST(recovery_of_the_first_page, takes_the_one_in_the_log_and_what_else_stands_there) {
    for (const std::size_t left : {std::size_t{20} * damaged_file::page_size, std::size_t{0}}) {
        SCOPED_TRACE(left);
        damaged_file t;
        t.fill(300);
        ASSERT_TRUE(t.box->checkpoint_whole());
        t.fill(40);
        t.settle({delivered(330, t.now)});
        t.box.reset();
        t.destroy_page(1);
        std::filesystem::resize_file(t.queue.path, left);
        const auto report = t.recover_some();
        EXPECT_EQ(report.write_ahead_log, log_use::whole);
        EXPECT_TRUE(report.first_page_damaged);
        EXPECT_EQ(report.pending.saved > 39 + 15, left > 0) << report.pending.saved;
        const auto numbers = t.recovered_numbers();
        for (sequence number = 301; number <= 340; ++number) {
            EXPECT_EQ(std::ranges::count(numbers, number), number == 330 ? 0 : 1) << number;
        }
    }
}

TEST(recovery_of_the_first_page, serves_a_log_that_holds_none) {
    damaged_file t;
    t.fill(3);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.settle({delivered(2, t.now)});
    t.fill(1);  // the tables grow by no page
    t.box.reset();
    ASSERT_EQ(bytes_of(t.queue.path + "-wal").find("SQLite format 3"), std::string::npos);
    t.destroy_page(1);
    EXPECT_EQ(t.recover_some().write_ahead_log, log_use::whole);
    EXPECT_THAT(t.recovered_numbers(), testing::ElementsAre(1, 3, 4));
}

TEST(recovery_of_the_first_page, replaces_one_that_the_log_brings_in_damaged) {
    damaged_file t;
    t.fill(3);
    t.close_whole();
    {
        sqlite_connection database;  // which copies no log into the file at its end
        ASSERT_TRUE(database.open(t.queue.path));
        ASSERT_TRUE(database.tolerate_damage());
        ASSERT_TRUE(database.execute("UPDATE sqlite_schema SET rootpage = 5 WHERE name = 'events'"));
    }
    const auto report = t.recover_some();
    EXPECT_EQ(report.write_ahead_log, log_use::whole);
    EXPECT_TRUE(report.first_page_damaged);
    EXPECT_THAT(t.recovered_numbers(), testing::ElementsAre(1, 2, 3));
}

TEST(recovery_of_the_first_page, says_plainly_where_there_is_nothing_behind_it) {
    damaged_file t;
    t.fill(100);
    t.box.reset();
    std::filesystem::remove(t.queue.path + "-wal");
    for (const std::size_t size : {0, 50, 4096, 200'000}) {
        std::ofstream(t.queue.path, std::ios::binary) << std::string(size, 'x');
        const auto report = t.recover();
        ASSERT_FALSE(report) << size;
        EXPECT_EQ(report.error().code, exit_code::failed);
        EXPECT_THAT(report.error().message, HasSubstr("it holds no event that can be read"));
        EXPECT_FALSE(std::filesystem::exists(t.recovered));
    }
}

}  // namespace
}  // namespace posthaste
