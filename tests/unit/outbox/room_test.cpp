// The blocks that the outbox has of the disk before it needs them.

#include <cerrno>
#include <filesystem>
#include <limits>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/outbox/kept_blocks.hpp"

namespace {

// What the next calls of fallocate fail with instead of being done; those at a file's front do for want of room; and up
// to which end of a file they are done.
int room_fault = 0;
bool room_refused_at_front = false;
off_t longest_room = std::numeric_limits<off_t>::max();
int syncs_before_room = 0;  // before the latest call
bool nothing_free = false;  // as the file system tells it

}  // namespace

// Both instead of the system's.
extern "C" int statvfs(const char* path, struct statvfs* found) noexcept {
    struct statfs there{};
    const int done = ::statfs(path, &there);
    *found = {};
    found->f_bsize = static_cast<unsigned long>(there.f_bsize);
    found->f_frsize = static_cast<unsigned long>(there.f_frsize);
    found->f_blocks = there.f_blocks;
    found->f_bfree = nothing_free ? 0 : there.f_bfree;
    found->f_bavail = nothing_free ? 0 : there.f_bavail;
    return done;
}

extern "C" int fallocate(int file, int mode, off_t from, off_t size) {
    syncs_before_room = posthaste::failing_disk::syncs;
    if (room_fault != 0 || (room_refused_at_front && from == 0) || from + size > longest_room) {
        errno = room_fault != 0 ? room_fault : ENOSPC;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_fallocate, file, mode, from, size));
}

namespace posthaste {
namespace {

class room : public kept_blocks {
  protected:
    void TearDown() override {
        room_fault = 0;
        room_refused_at_front = false;
        nothing_free = false;
        longest_room = std::numeric_limits<off_t>::max();
    }

    // So many attempts that failed take some 2 MiB.
    std::uint64_t fail_many_on_a_full_disk() {
        constexpr sequence events = 1500;
        batch work;
        for (sequence number = 1; number <= events; ++number) {
            work.settlements.push_back(failed(number, t.now));
            work.settlements.back().history.last_error->message = std::string(900, 'x');
        }
        EXPECT_TRUE(commit_batch(*t.box, work, {.now = t.now, .refuse_appends = true, .random = t.random}));
        return t.box->totals().retrying;
    }

    void settle_up_to(sequence last, sequence first = 1) {
        batch work;
        for (sequence number = first; number <= last; ++number) {
            work.settlements.push_back(delivered(number, t.now));
        }
        t.commit(work);
    }

    testing::AssertionResult has_room() const {
        const auto size = std::filesystem::file_size(t.queue.path);
        const auto database = taken_by(t.queue.path);
        const auto log = taken_by(t.queue.path + "-wal");
        const bool enough = database >= size + 4 * MiB && log >= 4 * MiB;
        return (enough ? testing::AssertionSuccess() : testing::AssertionFailure())
               << "database " << database << " for " << size << ", log " << log;
    }
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
    settle_up_to(events);
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

class room_on_a_failing_disk : public room {
  protected:
    void SetUp() override {
        room::SetUp();
        t.reopen();
    }
    void TearDown() override {
        t.box.reset();
        room::TearDown();
    }

    // In the log: the file gets shorter when it is copied.
    void give_back(std::size_t slices) {
        for (std::size_t slice = 0; slice < slices; ++slice) {
            ASSERT_TRUE(t.box->vacuum_slice());
        }
    }

    failing_disk disk;
};

TEST_F(room_on_a_failing_disk, is_taken_again_before_the_cut_is_synced) {
    t.append(std::vector<event>(100, ticket("1", std::string(100'000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint());
    settle_up_to(100);
    give_back(50);
    const int before = failing_disk::syncs;
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_GT(failing_disk::syncs, before);
    EXPECT_LT(syncs_before_room, failing_disk::syncs);
    EXPECT_TRUE(has_room());
}

TEST_F(room_on_a_failing_disk, is_taken_again_where_a_copy_that_found_no_room_had_made_the_file_longer) {
    t.append(std::vector<event>(50, ticket("1", std::string(100'000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint());
    const auto copied = std::filesystem::file_size(t.queue.path);
    ASSERT_TRUE(t.box->take_room(3 * MiB).value());
    t.append(std::vector<event>(30, ticket("1", std::string(100'000, 'x'))));
    failing_disk::longest_file = static_cast<sqlite3_int64>(copied + 2 * MiB);
    ASSERT_FALSE(t.box->checkpoint());
    failing_disk::longest_file = failing_disk::no_bound;
    const auto longer = std::filesystem::file_size(t.queue.path);
    ASSERT_GT(longer, copied + MiB);
    settle_up_to(75, 51);
    give_back(20);
    EXPECT_TRUE(t.box->has_shrunk().value());
    ASSERT_TRUE(t.box->checkpoint());
    const auto shorter = std::filesystem::file_size(t.queue.path);
    ASSERT_LT(shorter, longer);
    ASSERT_GT(shorter, copied);
    EXPECT_TRUE(has_room());
}

TEST_F(room_on_a_failing_disk, is_taken_again_where_the_start_cuts_the_file_off) {
    t.append(std::vector<event>(100, ticket("1", std::string(100'000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint());
    ASSERT_TRUE(t.box->take_room(0).value());
    settle_up_to(100);
    give_back(50);
    t.reopen();
    EXPECT_LT(std::filesystem::file_size(t.queue.path), 2 * MiB);
    EXPECT_TRUE(has_room());
    EXPECT_LT(taken_by(t.queue.path), 8 * MiB);
}

// XFS on a full disk refuses even a range whose blocks are all there.
TEST_F(room, is_found_by_a_start_on_a_full_disk) {
    t.append(1500);
    t.box.reset();
    room_fault = ENOSPC;
    t.open();
    EXPECT_LE(t.box->missing_room(0).value(), 4 * MiB) << "the log's, which a start with much free space empties";
    EXPECT_EQ(fail_many_on_a_full_disk(), 1500U);
}

TEST_F(room, is_taken_behind_the_database_where_there_is_none_for_the_log) {
    room_refused_at_front = true;
    ASSERT_TRUE(t.box->checkpoint_whole()) << "which gives up the log's";
    EXPECT_FALSE(t.box->take_room(20 * MiB).value());
    EXPECT_GE(taken_by(t.queue.path), 40 * MiB);
}

TEST_F(room, is_taken_in_part_where_the_disk_has_no_more) {
    const auto before = t.box->missing_room(20 * MiB).value();
    longest_room = 12 * MiB;
    EXPECT_FALSE(t.box->take_room(20 * MiB).value());
    EXPECT_LE(t.box->missing_room(20 * MiB).value(), before - 6 * MiB);
    EXPECT_GE(taken_by(t.queue.path), 12 * MiB);
    longest_room = std::numeric_limits<off_t>::max();
    EXPECT_TRUE(t.box->take_room(20 * MiB).value()) << "and the rest once there is room";
}

TEST_F(room, is_asked_for_again_after_a_failure_that_says_nothing_of_the_file_system) {
    for (const int reason : {EIO, EPERM, EFBIG}) {
        const auto missing = t.box->missing_room(20 * MiB).value();
        room_fault = reason;
        EXPECT_FALSE(t.box->take_room(20 * MiB).value()) << reason;
        room_fault = 0;
        EXPECT_EQ(t.box->missing_room(20 * MiB).value(), missing) << reason;
    }
    ASSERT_TRUE(t.box->take_room(20 * MiB).value());
    EXPECT_GE(taken_by(t.queue.path), 40 * MiB);
}

TEST_F(room, binds_nothing_where_the_file_system_has_none) {
    for (const int reason : {EOPNOTSUPP, ENOSYS, EINVAL}) {
        t.box.reset();
        for (const char* end : {"", "-wal", ".lock"}) {
            std::filesystem::remove(t.queue.path + end);
        }
        room_fault = reason;
        t.open();
        t.append(1500);
        EXPECT_TRUE(t.box->take_room(20 * MiB).value());
        EXPECT_EQ(fail_many_on_a_full_disk(), 1500U);
    }
}

// The log needs no more than what its file lacks of its usual length: a load that drains as it comes asks for nothing.
TEST_F(room, is_missing_for_the_log_up_to_its_usual_length_where_the_file_system_has_none) {
    room_fault = EOPNOTSUPP;
    t.reopen();
    EXPECT_EQ(t.box->missing_room(0).value(), 4 * MiB - std::filesystem::file_size(t.queue.path + "-wal"));
    t.append(std::vector<event>(50, ticket("1", std::string(100'000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_EQ(t.box->missing_room(0).value(), 0U);
}

TEST_F(room, is_not_staked_for_less_on_a_full_disk) {
    t.append(std::vector<event>(100, ticket("1", std::string(100'000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint());
    settle_up_to(30);
    nothing_free = true;
    EXPECT_FALSE(t.box->vacuum_due(outbox::thrift::scarce).value()) << "3 MB for 4 MiB";
    nothing_free = false;
    EXPECT_TRUE(t.box->vacuum_due(outbox::thrift::scarce).value());
    nothing_free = true;
    settle_up_to(60, 31);
    while (t.box->vacuum_due(outbox::thrift::scarce).value()) {
        ASSERT_TRUE(t.box->vacuum_slice());
    }
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_LT(std::filesystem::file_size(t.queue.path), 5 * MiB) << "all of it, once it is worth it";
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
