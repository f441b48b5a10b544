// What `posthaste check` says of an outbox at rest is what the start makes of it.

#include "daemon/commands/check_queue.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/outbox/damaged_file.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

TEST(check_queue, takes_a_whole_outbox_and_finds_one_that_is_cut_off_as_the_start_does) {
    temporary_outbox t;
    t.append(1000);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;

    std::filesystem::resize_file(t.queue.path, std::filesystem::file_size(t.queue.path) / 2);
    const auto found = check_queue(t.queue);
    EXPECT_EQ(found.code, exit_code::outbox_damaged) << found.detail;
    EXPECT_THAT(found.detail, HasSubstr("cut off"));
    EXPECT_THAT(found.detail, HasSubstr("posthaste recover"));
    const auto started = outbox::open(t.queue, t.now);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, exit_code::outbox_damaged);
}

// As a crash leaves it in the middle of copying the log: the first page tells of those that were still to come.
TEST(check_queue, leaves_to_the_log_what_the_file_has_not_yet) {
    temporary_outbox t;
    t.append(1000);
    const auto log = t.queue.path + "-wal";
    const auto size = std::filesystem::file_size(t.queue.path);
    std::filesystem::copy_file(log, t.folder / "log");
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    std::filesystem::resize_file(t.queue.path, size);
    std::filesystem::copy_file(t.folder / "log", log, std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;
    t.open();
    EXPECT_EQ(t.pending().size(), 1000U);
}

using folder_content = std::map<std::string, std::string>;

// Each file of the folder, with its bytes.
folder_content files_beside(const std::string& path) {
    folder_content files;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
        std::ifstream file(entry.path(), std::ios::binary);
        files[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return files;
}

// What check says is what the start says afterwards; and it leaves all as it was.
void expect_found_as_at_the_start(const queue_settings& queue, const std::string& what) {
    const auto before = files_beside(queue.path);
    const auto found = check_queue(queue);
    EXPECT_TRUE(files_beside(queue.path) == before) << what << ": a file was changed or made";
    EXPECT_EQ(found.code, exit_code::outbox_damaged) << what << ": " << found.detail;
    EXPECT_THAT(found.detail, HasSubstr("posthaste recover")) << what;
    const auto started = outbox::open(queue, wall_time{});
    ASSERT_FALSE(started) << what;
    EXPECT_EQ(started.error().code, exit_code::outbox_damaged) << what;
    EXPECT_EQ(started.error().message, found.detail) << what;
}

constexpr const char* destroyed_root =
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'events'";
constexpr const char* damages[] = {
    "UPDATE meta SET pending = 0", "UPDATE meta SET next_seq = 1",        "DELETE FROM meta",
    "DROP TABLE parked",           "ALTER TABLE events RENAME TO evants", destroyed_root};

TEST(check_queue, finds_the_damage_that_the_start_finds_in_the_tables) {
    for (const char* damage : damages) {
        temporary_outbox t;
        t.append(2);
        t.box.reset();
        alter(t.queue.path, damage);
        expect_found_as_at_the_start(t.queue, damage);
    }
}

TEST(check_queue, finds_it_in_a_log_that_waits_to_be_copied) {
    for (const char* damage : damages) {
        temporary_outbox t;
        t.append(2);
        t.box.reset();
        // As a crash leaves it.
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(t.queue.path.c_str(), &database), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(database, damage, nullptr, nullptr, nullptr), SQLITE_OK) << damage;
        const std::string left = t.folder / "left";
        std::filesystem::create_directory(left);
        for (const std::string suffix : {"", "-wal"})
            std::filesystem::copy_file(t.queue.path + suffix, left + "/outbox.db" + suffix);
        sqlite3_close(database);
        t.queue.path = left + "/outbox.db";
        ASSERT_GT(std::filesystem::file_size(t.queue.path + "-wal"), 0U);
        expect_found_as_at_the_start(t.queue, damage);
    }
}

TEST(check_queue, finds_pages_that_hold_something_else) {
    for (const char* table : {"meta", "events", "parked", "upstream_memory"}) {
        damaged_file t;
        t.fill(50);
        t.close_whole();
        t.destroy_page(t.root_of(table), 'x');
        expect_found_as_at_the_start(t.queue, table);
    }
}

TEST(check_queue, finds_a_log_whose_database_is_gone_or_empty) {
    for (const bool gone : {true, false}) {
        temporary_outbox t;
        t.append(5);
        t.box.reset();  // without a checkpoint: all is in the log
        gone ? std::filesystem::remove(t.queue.path) : (std::filesystem::resize_file(t.queue.path, 0), true);
        expect_found_as_at_the_start(t.queue, gone ? "gone" : "empty");
    }
}

// The start would bring it up to date.
TEST(check_queue, finds_an_outbox_that_was_emptied) {
    temporary_outbox t;
    t.append(1);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    std::filesystem::resize_file(t.queue.path + "-wal", 0);
    std::filesystem::resize_file(t.queue.path, 0);
    const auto found = check_queue(t.queue);
    EXPECT_EQ(found.code, exit_code::outbox_damaged) << found.detail;
    const auto started = outbox::open(t.queue, t.now);
    ASSERT_FALSE(started);
    EXPECT_EQ(found.detail, started.error().message);
}

TEST(check_queue, takes_an_outbox_of_an_earlier_version_and_a_new_one) {
    temporary_outbox t;
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;
    alter(t.queue.path, "PRAGMA user_version = 5; DROP TABLE idempotency_index; DROP TABLE delivered_runs");
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;
    std::filesystem::remove(t.queue.path + ".lock");  // which would say that there was one
    std::filesystem::resize_file(t.queue.path, 0);
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;
}

TEST(check_queue, changes_no_file_where_a_log_waits_to_be_copied) {
    temporary_outbox t;
    t.append(5);
    t.box.reset();
    ASSERT_GT(std::filesystem::file_size(t.queue.path + "-wal"), 0U);
    const auto before = files_beside(t.queue.path);
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;
    EXPECT_TRUE(files_beside(t.queue.path) == before);
    t.open();
    EXPECT_EQ(t.pending().size(), 5U);
}

TEST(check_queue, says_what_stands_in_the_way) {
    temporary_folder folder;
    alter(folder / "file", "CREATE TABLE theirs (a)");
    std::filesystem::create_symlink(folder / "gone", folder / "link");
    for (const auto& [name, what] :
         {std::pair("file/outbox.db", "/file is no folder"), std::pair("file/deeper/outbox.db", "/file is no folder"),
          std::pair("link", "/link is a symbolic link to a file that is not there")}) {
        queue_settings queue;
        queue.path = folder / name;
        const auto found = check_queue(queue);
        EXPECT_EQ(found.code, exit_code::failed) << name;
        EXPECT_THAT(found.detail, HasSubstr(what));
    }
}

TEST(check_queue, does_not_take_a_folder_that_it_may_not_look_into_for_none) {
    if (::geteuid() != 0) GTEST_SKIP() << "NOT TESTED as another user: only root can become one";
    constexpr uid_t nobody = 65534;
    temporary_folder folder;
    std::filesystem::permissions(folder / "", std::filesystem::perms::all);
    std::filesystem::create_directories(folder / "private/inside");
    std::filesystem::permissions(folder / "private", std::filesystem::perms::owner_all);
    std::filesystem::create_directory_symlink(folder / "private/inside", folder / "link");
    for (const std::string name : {"link/outbox.db", "private/inside/outbox.db"}) {
        queue_settings queue;
        queue.path = folder / name;
        ASSERT_EQ(::seteuid(nobody), 0);
        const auto found = check_queue(queue);
        ASSERT_EQ(::seteuid(0), 0);
        EXPECT_EQ(found.code, exit_code::failed) << name;
        EXPECT_THAT(found.detail, HasSubstr("Permission denied")) << name;
        EXPECT_THAT(found.detail, testing::Not(HasSubstr("is no folder"))) << name;
    }
}

}  // namespace
}  // namespace posthaste
