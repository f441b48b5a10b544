#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/outbox/migrations.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_to(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

TEST(start, makes_missing_folders_for_its_user_alone) {
    temporary_folder folder;
    queue_settings queue;
    queue.path = folder / "a/b/outbox.db";
    const auto opened = outbox::open(queue, wall_time{});
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(mode_of(folder / "a"), 0700U);
    EXPECT_EQ(mode_of(folder / "a/b"), 0700U);
    for (const char* end : {"", "-wal", ".lock"}) {
        EXPECT_EQ(mode_of(queue.path + end), 0600U) << end;
    }
}

TEST(start, says_which_folder_cannot_be_made) {
    temporary_folder folder;
    write_to(folder / "file", "x");
    queue_settings queue;
    queue.path = folder / "file/outbox.db";
    const auto opened = outbox::open(queue, wall_time{});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::failed);
    EXPECT_THAT(opened.error().message, HasSubstr(folder / "file"));
}

TEST(start, says_what_stands_in_the_place_of_the_file) {
    temporary_folder folder;
    std::filesystem::create_directory(folder / "folder");
    std::filesystem::create_symlink(folder / "gone", folder / "link");
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    for (const auto& [name, what] : {std::pair("folder", "folder is a folder: set queue.path to a file"),
                                     std::pair("link", "link is a symbolic link to a file that is not there"),
                                     std::pair("pipe", "pipe is no regular file: set queue.path to a file")}) {
        queue_settings queue;
        queue.path = folder / name;
        const auto opened = outbox::open(queue, wall_time{});
        ASSERT_FALSE(opened) << name;
        EXPECT_EQ(opened.error().code, exit_code::failed);
        EXPECT_THAT(opened.error().message, HasSubstr(what));
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "gone"));
}

TEST(start, says_so_where_it_may_not_write_its_file) {
    constexpr uid_t nobody = 65534;
    temporary_outbox t;
    t.append(1);
    t.box.reset();
    std::filesystem::permissions(t.queue.path, std::filesystem::perms::owner_read);
    if (::geteuid() == 0) {  // who may write all files
        for (const char* file : {"", "outbox.db", "outbox.db-wal", "outbox.db.lock"}) {
            ASSERT_EQ(::chown((t.folder / file).c_str(), nobody, nobody), 0) << file;
        }
        ASSERT_EQ(::seteuid(nobody), 0);
    }
    const auto opened = outbox::open(t.queue, t.now);
    if (::getuid() == 0) {
        ASSERT_EQ(::seteuid(0), 0);
    }
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::failed) << "not the disk's fault";
    EXPECT_THAT(opened.error().message, HasSubstr("cannot open " + t.queue.path + ": Permission denied; it must"));
}

TEST(start, is_refused_while_another_process_has_the_outbox_and_names_it) {
    temporary_outbox t;
    t.append(1);
    const pid_t other = ::fork();
    if (other == 0) {
        const auto second = outbox::open(t.queue, t.now);
        const bool refused = !second && second.error().code == exit_code::locked_or_in_use;
        const auto named = "process " + std::to_string(::getppid());
        ::_exit(refused && second.error().message.find(named) != std::string::npos ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(t.append(1).size(), 1U) << "the first is not disturbed";
}

TEST(start, goes_on_after_the_first_one_is_gone) {
    temporary_outbox t;
    t.append(1);
    t.reopen();
    EXPECT_EQ(t.box->totals().pending, 1U);
}

TEST(start, leaves_a_newer_outbox_untouched) {
    temporary_outbox t;
    t.append(1);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    alter(t.queue.path, "PRAGMA user_version = 99");
    const auto before = content_of(t.queue.path);
    const auto opened = outbox::open(t.queue, t.now);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::usage) << "no restart helps";
    EXPECT_THAT(opened.error().message, HasSubstr("newer posthaste"));
    EXPECT_EQ(content_of(t.queue.path), before);
    EXPECT_EQ(content_of(t.queue.path + "-wal"), "") << "where a change stands first";
}

TEST(start, leaves_someone_elses_database_untouched) {
    temporary_folder folder;
    queue_settings queue;
    queue.path = folder / "outbox.db";
    alter(queue.path, "CREATE TABLE theirs (a); PRAGMA user_version = 1");  // a number that ours has, too
    const auto before = content_of(queue.path);
    const auto opened = outbox::open(queue, wall_time{});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::usage) << "no restart helps";
    EXPECT_THAT(opened.error().message, HasSubstr("no outbox of posthaste"));
    EXPECT_EQ(content_of(queue.path), before);
    EXPECT_EQ(content_of(queue.path + "-wal"), "");
}

TEST(start, stops_at_a_file_that_is_no_database_and_says_what_to_do) {
    temporary_folder folder;
    queue_settings queue;
    queue.path = folder / "outbox.db";
    const std::string garbage(8192, 'x');
    write_to(queue.path, garbage);
    const auto opened = outbox::open(queue, wall_time{});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::outbox_damaged);
    EXPECT_THAT(opened.error().message, HasSubstr("nothing was overwritten"));
    EXPECT_EQ(content_of(queue.path), garbage);
}

TEST(start, keeps_a_log_whose_database_is_gone_or_empty) {
    for (const bool gone : {true, false}) {
        temporary_outbox t;
        t.append(5);
        t.box.reset();  // without a checkpoint: all is in the log
        const auto log = content_of(t.queue.path + "-wal");
        gone ? std::filesystem::remove(t.queue.path) : (std::filesystem::resize_file(t.queue.path, 0), true);
        const auto opened = outbox::open(t.queue, t.now);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, exit_code::outbox_damaged);
        EXPECT_THAT(opened.error().message, HasSubstr("write-ahead log"));
        EXPECT_EQ(content_of(t.queue.path + "-wal"), log);
    }
}

TEST(start, refuses_an_empty_file_where_an_outbox_was_but_not_one_that_was_taken_away) {
    temporary_outbox t;
    t.append(5);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    std::filesystem::resize_file(t.queue.path, 0);
    const auto opened = outbox::open(t.queue, t.now);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::outbox_damaged);
    EXPECT_THAT(opened.error().message, HasSubstr("rm " + t.queue.path));
    EXPECT_TRUE(is_empty(t.queue.path)) << "it was written to";

    std::filesystem::remove(t.queue.path);
    t.open();
    EXPECT_EQ(t.box->totals().pending, 0U);
}

TEST(start, takes_an_empty_file_that_never_was_an_outbox) {
    temporary_folder folder;
    queue_settings queue;
    queue.path = folder / "outbox.db";
    write_to(queue.path, "");
    write_to(queue.path + ".lock", "4711\n");
    EXPECT_TRUE(outbox::open(queue, wall_time{}));
}

TEST(start, stops_where_the_counters_and_the_tables_disagree) {
    for (const char* sql :
         {"UPDATE meta SET next_seq = 1", "UPDATE meta SET pending = 0", "UPDATE meta SET accepted = 7",
          "UPDATE meta SET accepted = 0, pending = 0", "UPDATE meta SET bytes = -1", "DELETE FROM meta",
          "UPDATE meta SET identities = 1", "UPDATE meta SET identities = 1, identity_bytes = bytes + 1"}) {
        temporary_outbox t;
        t.append(2);
        t.box.reset();
        alter(t.queue.path, sql);
        const auto opened = outbox::open(t.queue, t.now);
        ASSERT_FALSE(opened) << sql;
        EXPECT_EQ(opened.error().code, exit_code::outbox_damaged) << sql;
    }
}

TEST(start, stops_where_the_tables_are_not_what_was_made) {
    for (const char* sql : {"ALTER TABLE events RENAME TO evants", "ALTER TABLE meta RENAME COLUMN bytes TO bytez",
                            "DROP TABLE parked"}) {
        temporary_outbox t;
        t.append(2);
        t.box.reset();
        alter(t.queue.path, sql);
        const auto opened = outbox::open(t.queue, t.now);
        ASSERT_FALSE(opened) << sql;
        EXPECT_EQ(opened.error().code, exit_code::outbox_damaged) << sql;
        EXPECT_THAT(opened.error().message, HasSubstr("nothing was overwritten")) << sql;
    }
}

TEST(start, is_refused_while_a_marker_says_that_the_outbox_is_damaged) {
    temporary_outbox t;
    t.box.reset();
    leave_marker(t.queue.path, "found damaged\n");
    const auto opened = outbox::open(t.queue, t.now);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::outbox_damaged);
    EXPECT_THAT(opened.error().message, HasSubstr(t.queue.path + ".damaged"));
    ::unlink((t.queue.path + ".damaged").c_str());
    t.open();
}

// Four commits, and in which of them the log is damaged.
class damaged_log_test : public testing::Test {
  protected:
    damaged_log_test() {
        for (int commit = 0; commit < 4; ++commit) {
            t.append(1);
            ends.push_back(std::filesystem::file_size(wal));
        }
        t.box.reset();
        t.queue.durability = durability::full;
    }

    void overwrite(std::uintmax_t at, const std::string& bytes) const {
        std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(at)).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

    void expect_refused() const {
        const auto database = content_of(t.queue.path);
        const auto log = content_of(wal);
        const auto opened = outbox::open(t.queue, t.now);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, exit_code::outbox_damaged);
        EXPECT_THAT(opened.error().message, HasSubstr("events that were acknowledged"));
        EXPECT_THAT(opened.error().message, HasSubstr("posthaste recover"));
        EXPECT_TRUE(content_of(t.queue.path) == database && content_of(wal) == log) << "it was written to";
    }

    temporary_outbox t;
    const std::string wal = t.queue.path + "-wal";
    std::vector<std::uintmax_t> ends;
};

TEST_F(damaged_log_test, with_acknowledged_commits_behind_the_damage_refuses_the_start) {
    overwrite(ends[1] - 100, "damage");
    expect_refused();
}

TEST_F(damaged_log_test, with_a_wrong_head_refuses_the_start) {
    overwrite(17, "X");
    expect_refused();
}

TEST_F(damaged_log_test, with_a_head_that_is_gone_refuses_the_start_however_commits_are_synced) {
    overwrite(0, std::string(4096, '\0'));
    expect_refused();
    t.queue.durability = durability::process;
    expect_refused();
}

TEST_F(damaged_log_test, that_is_blank_never_held_anything) {
    std::filesystem::resize_file(wal, 0);
    std::filesystem::resize_file(wal, 100'000);
    t.open();
    EXPECT_EQ(t.pending().size(), 0U);
}

TEST_F(damaged_log_test, in_the_last_commit_may_be_of_a_power_cut) {
    overwrite(ends[3] - 100, "torn");
    t.open();
    EXPECT_EQ(t.pending().size(), 3U);
}

TEST_F(damaged_log_test, may_be_of_a_power_cut_where_not_every_commit_is_synced) {
    overwrite(ends[1] - 100, "torn");
    t.queue.durability = durability::process;
    t.open();
    EXPECT_EQ(t.pending().size(), 1U);
}

TEST(start, copies_what_a_crash_left_in_the_write_ahead_log_and_empties_it) {
    temporary_outbox t;
    t.append(5);
    const auto wal = t.queue.path + "-wal";
    const auto left = std::filesystem::file_size(wal);
    t.reopen();  // a close without a checkpoint, as after a crash
    EXPECT_EQ(t.pending().size(), 5U);
    EXPECT_LT(std::filesystem::file_size(wal), left);
}

TEST(start, commits_a_row_of_its_own) {
    temporary_outbox t;
    t.reopen();
    t.reopen();
    t.box.reset();
    sqlite_connection database;
    ASSERT_TRUE(database.open(t.queue.path));
    EXPECT_EQ(database.integer("SELECT boots FROM meta").value(), 3);
    EXPECT_EQ(database.integer("SELECT created_at FROM meta").value(), t.now.time_since_epoch().count());
    EXPECT_EQ(database.integer("PRAGMA user_version").value(), outbox_schema_version());
    EXPECT_EQ(database.integer("PRAGMA auto_vacuum").value(), 2) << "incremental";
    EXPECT_EQ(database.integer("PRAGMA page_size").value(), 4096);
}

TEST(start, beside_who_only_reads_names_that_and_no_process_of_before) {
    temporary_outbox t;
    t.box.reset();
    {
        const auto reading = lock_for_reading(t.queue.path);
        ASSERT_TRUE(reading);
        const auto refused = outbox::open(t.queue, t.now);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, exit_code::locked_or_in_use);
        EXPECT_THAT(refused.error().message, ::testing::HasSubstr(" is being read by posthaste check or recover; "));
    }
    EXPECT_TRUE(outbox::open(t.queue, t.now));
}

}  // namespace
}  // namespace posthaste
