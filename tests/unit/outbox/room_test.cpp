// The blocks that the outbox has of the disk before it needs them.

#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

std::uint64_t taken_by(const std::string& file) {
    struct stat found{};
    return ::stat(file.c_str(), &found) == 0 ? std::uint64_t{512} * static_cast<std::uint64_t>(found.st_blocks) : 0;
}

class room : public testing::Test {
  protected:
    void SetUp() override {
        const file_handle file{::open((t.folder / "probe").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
        if (::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, 4096) != 0) {
            GTEST_SKIP() << "NOT TESTED that room is kept: the file system of " << t.folder / "" << " cannot";
        }
    }

    testing::AssertionResult has_room() const {
        const auto size = std::filesystem::file_size(t.queue.path);
        const auto database = taken_by(t.queue.path);
        const auto log = taken_by(t.queue.path + "-wal");
        const bool enough = database >= size + 4 * MiB && log >= 4 * MiB;
        return (enough ? testing::AssertionSuccess() : testing::AssertionFailure())
               << "database " << database << " for " << size << ", log " << log;
    }

    temporary_outbox t;
};

TEST_F(room, is_kept_over_checkpoints_and_stops) {
    EXPECT_TRUE(has_room());
    t.append(100);
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_TRUE(has_room()) << "after a checkpoint";
    t.reopen();
    EXPECT_TRUE(has_room()) << "after a crash and a start";
    ASSERT_TRUE(t.box->checkpoint_whole());
    EXPECT_TRUE(is_empty(t.queue.path + "-wal"));
    t.box.reset();
    EXPECT_TRUE(has_room()) << "after a stop";
}

TEST_F(room, is_missing_as_the_outbox_grows_until_it_is_taken) {
    constexpr std::uint64_t coming = 6 * MiB;
    EXPECT_EQ(t.box->missing_room(0).value(), 0U);
    const auto missing = t.box->missing_room(coming).value();
    EXPECT_GE(missing, coming) << "what it takes in pages, and of the log beside";
    ASSERT_TRUE(t.box->take_room(coming).value());
    const auto of_log = t.box->missing_room(coming).value();
    EXPECT_LT(of_log, missing) << "the log grows as it is written";
    t.append(std::vector<event>(60, ticket("1", std::string(100'000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_TRUE(has_room());
    EXPECT_EQ(t.box->missing_room(0).value(), 0U);
    t.append(std::vector<event>(60, ticket("1", std::string(100'000, 'x'))));
    EXPECT_GT(t.box->missing_room(0).value(), 0U);
}

TEST_F(room, is_taken_again_where_the_file_was_cut_off) {
    constexpr sequence events = 300;
    t.append(std::vector<event>(events, ticket("1", std::string(100'000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint());
    batch work;
    for (sequence number = 1; number <= events; ++number) {
        work.settlements.push_back(delivered(number, t.now));
    }
    t.commit(work);
    while (t.box->vacuum_due(outbox::thrift::scarce).value()) {
        ASSERT_TRUE(t.box->vacuum_slice());
    }
    EXPECT_TRUE(t.box->has_shrunk().value());
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_FALSE(t.box->has_shrunk().value());
    EXPECT_LT(std::filesystem::file_size(t.queue.path), 2 * MiB);
    EXPECT_LT(taken_by(t.queue.path), 8 * MiB);
    EXPECT_TRUE(has_room());
}

TEST(full_disk, keeps_no_outbox_from_starting_that_was_made_before) {
    failing_disk disk;
    temporary_outbox t;
    t.append(3);
    t.box.reset();
    failing_disk::write_fault = SQLITE_FULL;
    t.open();
    EXPECT_EQ(t.append(1).size(), 0U) << "refused";
    failing_disk::write_fault = SQLITE_OK;
    EXPECT_EQ(t.append(1).size(), 1U);
    t.box.reset();
    sqlite_connection file;
    ASSERT_TRUE(file.open(t.queue.path));
    ASSERT_TRUE(file.execute("PRAGMA locking_mode = EXCLUSIVE"));
    EXPECT_EQ(file.integer("SELECT boots FROM meta").value(), 2) << "the second one is noted by the first commit";
}

}  // namespace
}  // namespace posthaste
