// What is committed is with the system, whole and by few writes, whatever the commit's size.

#include <filesystem>

#include <gtest/gtest.h>

#include "lib/outbox/sqlite.hpp"
#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

// A table of rows of about a page each, in a log that is never synced: what is not written by itself stays unwritten.
struct log_of_pages : testing::Test {
    temporary_folder folder;
    std::string path = folder / "pages.db";
    sqlite_connection database;
    std::int64_t rows = 0;

    log_of_pages() {
        std::fclose(std::fopen(path.c_str(), "w"));
        database.open(path).value();
        must(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE pages (number INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    }

    void must(const std::string& sql) { database.execute(sql.c_str()).value(); }
    void add(std::int64_t count) {
        for (const auto end = rows + count; rows < end;) {
            must("INSERT INTO pages VALUES (" + std::to_string(++rows) + ", randomblob(3900))");
        }
    }
    void commit(std::int64_t count) {
        must("BEGIN");
        add(count);
        must("COMMIT");
    }

    // As the files are at this moment, for whoever comes after a crash of this process.
    std::int64_t rows_in_the_files() {
        const std::string copy = folder / "copy.db";
        for (const char* end : {"", "-wal"}) {
            std::filesystem::copy_file(path + end, copy + end, std::filesystem::copy_options::overwrite_existing);
        }
        sqlite_connection other;
        other.open(copy).value();
        other.execute("PRAGMA locking_mode = EXCLUSIVE").value();  // without shared memory
        EXPECT_EQ(other.integer("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'").value(),
                  0);
        return other.integer("SELECT count(*) FROM pages").value();
    }
};

TEST_F(log_of_pages, has_every_commit_whole_as_soon_as_it_is_done) {
    for (std::int64_t count = 1; count < 70; ++count) {
        commit(count);
        ASSERT_EQ(rows_in_the_files(), rows) << "after a commit of " << count;
        if (count % 9 == 0) {
            database.checkpoint(sqlite_checkpoint::passive).value();
        }
    }
}

TEST_F(log_of_pages, gives_back_what_a_transaction_wrote_before_its_end) {
    must("PRAGMA cache_size = 5");  // so that pages go into the log before the commit
    must("BEGIN");
    add(200);
    EXPECT_EQ(database.integer("SELECT count(*) FROM pages WHERE length(body) = 3900").value(), 200);
    must("UPDATE pages SET body = zeroblob(3900) WHERE number % 3 = 0");
    must("COMMIT");
    EXPECT_EQ(rows_in_the_files(), 200);
    EXPECT_EQ(database.integer("SELECT count(*) FROM pages WHERE body = zeroblob(3900)").value(), 66);

    must("BEGIN");
    add(200);
    must("ROLLBACK");
    rows = 200;
    commit(3);
    EXPECT_EQ(rows_in_the_files(), 203);
}

// The file system below must be the failing one before the database is opened.
struct failing_log_of_pages : failing_disk, log_of_pages {
    std::int64_t log_size() { return static_cast<std::int64_t>(std::filesystem::file_size(path + "-wal")); }
    bool succeeds(const char* sql) { return database.execute(sql).has_value(); }
};

// Where the failed one had come to, a later commit's last page may begin.
TEST_F(failing_log_of_pages, has_every_commit_whole_that_comes_after_a_failed_one) {
    for (std::int64_t small = 1; small <= 5; ++small) {
        longest_file = log_size() + 50'000;
        const auto before = rows;
        must("BEGIN");
        add(60);
        EXPECT_FALSE(succeeds("COMMIT"));
        if (database.in_transaction()) must("ROLLBACK");
        longest_file = no_bound;
        rows = before;
        for (int commits = 0; commits < 40; ++commits) {
            commit(small);
            ASSERT_EQ(rows_in_the_files(), rows) << "in commits of " << small;
        }
    }
}

TEST(log_vfs, writes_a_commit_at_once) {
    failing_disk disk;
    temporary_outbox t;
    t.append(10);
    const int before = failing_disk::writes;
    t.append(10);
    EXPECT_EQ(failing_disk::writes, before + 1);
    t.append(1000);  // some 400 KiB
    EXPECT_LT(failing_disk::writes, before + 12);
}

}  // namespace
}  // namespace posthaste
