#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::Each;
using testing::ElementsAre;

batch appends_and_settlements(const temporary_outbox& t) {
    batch work;
    work.appends.resize(2);
    for (auto& one : work.appends) {
        one.what = ticket();
    }
    work.settlements = {delivered(1, t.now), failed(2, t.now)};
    work.reads.emplace_back(page_request{});
    return work;
}

TEST(full_disk, while_nothing_can_be_written_appends_are_refused_and_the_rest_waits) {
    failing_disk disk;
    temporary_outbox t;
    t.append(3);
    const auto before = t.box->totals();
    auto work = appends_and_settlements(t);
    failing_disk::write_fault = SQLITE_FULL;
    const auto stuck = t.commit(work);
    EXPECT_TRUE(stuck.stuck);
    EXPECT_THAT(stuck.appends, ElementsAre(append_outcome::disk_full, append_outcome::disk_full));
    EXPECT_EQ(t.box->totals(), before) << "what was rolled back counts nowhere";

    failing_disk::write_fault = SQLITE_OK;
    work.appends.clear();
    const auto done = t.commit(work);
    EXPECT_FALSE(done.stuck);
    EXPECT_EQ(done.unknown_settlements, 0U);
    EXPECT_EQ(t.box->totals().delivered, 1U);
    EXPECT_EQ(t.box->totals().retrying, 1U);
    EXPECT_THAT(t.pending(), ElementsAre(2, 3));
    EXPECT_GT(t.append(ticket()).number, 5U) << "numbers of a batch that was undone are not used again";
}

TEST(full_disk, settlements_are_committed_alone_where_the_appends_do_not_fit) {
    failing_disk disk;
    temporary_outbox t;
    t.append(3);
    auto work = appends_and_settlements(t);
    work.appends[0].what.body = std::string(256 * 1024, 'x');
    const auto wal = std::filesystem::file_size(t.queue.path + "-wal");
    failing_disk::longest_file = static_cast<sqlite3_int64>(wal + 64 * 1024);
    const auto done = t.commit(work);
    failing_disk::longest_file = failing_disk::no_bound;
    EXPECT_FALSE(done.stuck);
    EXPECT_THAT(done.appends, Each(append_outcome::disk_full));
    EXPECT_EQ(t.box->totals().accepted, 3U);
    EXPECT_EQ(t.box->totals().delivered, 1U);
    EXPECT_THAT(t.pending(), ElementsAre(2, 3));
    t.reopen();
    EXPECT_THAT(t.pending(), ElementsAre(2, 3));
    EXPECT_TRUE(closes(t.box->totals()));
}

TEST(full_disk, that_is_known_refuses_appends_and_writes_what_became_of_events_and_no_more) {
    temporary_outbox t;
    const auto stored = t.append(3);
    auto work = appends_and_settlements(t);
    const auto done = commit_batch(*t.box, work, {.now = t.now, .refuse_appends = true, .random = t.random});
    ASSERT_TRUE(done);
    EXPECT_THAT(done->appends, Each(append_outcome::disk_full));
    EXPECT_EQ(done->reads.size(), 1U);
    EXPECT_EQ(t.box->totals().delivered, 1U);
    EXPECT_FALSE(t.find(stored[0].id)) << "the facts of what was delivered are kept where there is room for them";
    EXPECT_EQ(t.find(stored[1].id)->attempts, 1U);
    t.reopen();
    EXPECT_THAT(t.pending(), ElementsAre(2, 3));
}

// More of them than fit into the pages that the file has.
batch many_parkings_and_a_settlement(const temporary_outbox& t) {
    batch work;
    for (sequence number = 2; number <= 2000; ++number) {
        work.parkings.push_back({"a user whose events all wait", number});
    }
    work.settlements = {delivered(1, t.now)};
    work.reads.emplace_back(lane_request{.user_id = "a user whose events all wait", .below = 4000});
    return work;
}

TEST(full_disk, parkings_that_would_make_the_file_longer_wait_with_the_reads_behind_them) {
    temporary_outbox t;
    t.append(std::vector<event>(2000, ticket("a user whose events all wait")));
    auto work = many_parkings_and_a_settlement(t);
    const auto tried = commit_batch(*t.box, work, {.now = t.now, .refuse_appends = true, .random = t.random});
    ASSERT_TRUE(tried);
    EXPECT_FALSE(tried->stuck);
    EXPECT_TRUE(tried->readers_wait);
    EXPECT_EQ(t.box->totals().delivered, 1U) << "what became of events does not wait with them";
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_FALSE(t.box->has_grown().value());

    work.settlements.clear();
    const commit_chance room{.now = t.now, .refuse_appends = true, .may_grow = true, .random = t.random};
    const auto done = commit_batch(*t.box, work, room);
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->readers_wait);
    ASSERT_EQ(done->reads.size(), 1U);
    EXPECT_EQ(std::get<lane_page>(done->reads[0]).events.front().number, 2U);
    EXPECT_TRUE(t.box->has_grown().value());
    EXPECT_EQ(t.append(std::vector<event>(2000, ticket())).size(), 2000U) << "the file may grow again";
}

TEST(full_disk, what_became_of_events_goes_into_the_blocks_that_the_log_has) {
    failing_disk disk;
    temporary_outbox t;
    for (int commit = 0; commit < 30; ++commit) {  // so that the log is longer than the database that comes of it
        t.append(10);
    }
    failing_disk::longest_file = static_cast<sqlite3_int64>(std::filesystem::file_size(t.queue.path + "-wal"));
    for (sequence number = 1; number <= 300; ++number) {
        batch work;
        work.settlements = {delivered(number, t.now)};
        ASSERT_FALSE(t.commit(work).stuck) << number;
    }
    failing_disk::longest_file = failing_disk::no_bound;
    EXPECT_THAT(t.pending(), ElementsAre());
}

// The database's size stands in its header, at byte 28 (https://www.sqlite.org/fileformat.html, "The Database Header").
void lengthen(const std::string& database, std::uint32_t pages) {
    std::filesystem::resize_file(database, std::uintmax_t{pages} * 4096);  // a hole: it takes no room
    std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(28);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        file.put(static_cast<char>(pages >> shift));
    }
}

// What max_bytes does not see, SQLite's own bound does.
TEST(full_disk, is_also_a_file_that_is_longer_than_all_that_is_allowed_could_make_it) {
    temporary_outbox t;
    t.queue.max_bytes = MiB;
    t.reopen();
    t.append(1);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    lengthen(t.queue.path, 300 * MiB / 4096);
    t.open();
    batch work;
    work.appends.emplace_back().what = ticket("1", std::string(20'000, 'x'));
    work.settlements = {delivered(1, t.now)};
    const auto done = t.commit(work);
    EXPECT_THAT(done.appends, ElementsAre(append_outcome::disk_full));
    EXPECT_FALSE(done.stuck);
    EXPECT_EQ(t.box->totals().delivered, 1U) << "it drains all the same";
}

TEST(full_disk, is_also_a_quota_that_is_used_up) {
    failing_disk disk;
    temporary_outbox t;
    t.append(3);
    auto work = appends_and_settlements(t);
    failing_disk::write_errno = EDQUOT;
    failing_disk::write_fault = SQLITE_IOERR_WRITE;
    EXPECT_TRUE(t.commit(work).stuck);
    failing_disk::write_fault = SQLITE_OK;
    EXPECT_FALSE(t.commit(work).stuck);
    EXPECT_EQ(t.box->totals().delivered, 1U);
}

commit_chance full(const temporary_outbox& t) {
    return {.now = t.now, .refuse_appends = true, .random = t.random};
}

// A failure with so much to say that few of them stand on a page.
settlement failed_at_length(sequence number, wall_time at) {
    auto what = failed(number, at);
    what.history.last_error->message = std::string(900, 'x');
    return what;
}

TEST(full_disk, has_room_for_what_failed_and_died_up_to_what_is_kept_behind_the_file) {
    temporary_outbox t;
    constexpr sequence events = 20'000;
    t.append(std::vector<event>(events, ticket()));
    ASSERT_TRUE(t.box->checkpoint_whole());
    const auto size = std::filesystem::file_size(t.queue.path);
    batch work;
    for (sequence number = 1; number <= events; ++number) {
        work.settlements.push_back(failed_at_length(number, t.now));
    }
    work.settlements.push_back(delivered(1, t.now));
    work.settlements.push_back(dead(2, t.now));
    const auto done = commit_batch(*t.box, work, full(t));
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->stuck) << "an attempt that failed is not worth stopping for";
    EXPECT_EQ(t.box->totals().delivered, 1U);
    EXPECT_EQ(t.box->totals().dead, 1U);
    EXPECT_GT(t.box->totals().retrying, events / 10) << "as many as there was room for";
    EXPECT_LT(t.box->totals().retrying, events - 2);
    ASSERT_TRUE(t.box->checkpoint());
    EXPECT_LE(std::filesystem::file_size(t.queue.path), size + 5 * MiB);
    EXPECT_TRUE(closes(t.box->totals()));
    EXPECT_EQ(t.append(std::vector<event>(2000, ticket())).size(), 2000U) << "the file may grow again";
}

TEST(full_disk, writes_in_slices_what_does_not_fit_into_the_log_at_once) {
    failing_disk disk;
    temporary_outbox t;
    constexpr sequence events = 3'000;
    t.append(std::vector<event>(events, ticket("1", std::string(1'800, 'x'))));  // two on a page
    ASSERT_TRUE(t.box->checkpoint());
    batch work;
    for (sequence number = 1; number <= events; number += 2) {
        work.settlements.push_back(delivered(number, t.now));
        work.settlements.push_back(failed_at_length(number + 1, t.now));
    }
    failing_disk::longest_file = static_cast<sqlite3_int64>(std::filesystem::file_size(t.queue.path));
    const auto done = commit_batch(*t.box, work, full(t));
    failing_disk::longest_file = failing_disk::no_bound;
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->stuck);
    EXPECT_EQ(t.box->totals().delivered, events / 2);
    t.reopen();
    EXPECT_EQ(t.box->totals().pending, events / 2);
}

TEST(full_disk, leaves_what_cannot_be_written_and_writes_it_once_there_is_room) {
    temporary_outbox t;
    t.append({ticket(), ticket("2", std::string(7 * MiB, 'x')), ticket()});
    batch work;
    work.settlements = {dead(2, t.now), failed(3, t.now), delivered(1, t.now)};
    auto stuck = commit_batch(*t.box, work, full(t));
    ASSERT_TRUE(stuck);
    EXPECT_TRUE(stuck->stuck) << "one is larger than the room behind the file";
    EXPECT_EQ(stuck->settled, 1U);
    EXPECT_EQ(work.settlements.size(), 2U);
    EXPECT_EQ(t.box->totals().delivered, 1U) << "which does not wait for those that need room";
    const auto done = t.commit(work);
    EXPECT_FALSE(done.stuck);
    EXPECT_EQ(done.unknown_settlements, 0U);
    EXPECT_EQ(t.box->totals().delivered, 1U);
    EXPECT_EQ(t.box->totals().dead, 1U);
    EXPECT_EQ(t.box->totals().retrying, 1U);
    EXPECT_TRUE(closes(t.box->totals()));
}

TEST(failed_write, is_an_error_with_its_extended_code) {
    for (auto* fault : {&failing_disk::write_fault, &failing_disk::sync_fault}) {
        failing_disk disk;
        temporary_outbox t;
        t.queue.durability = durability::full;
        t.reopen();
        t.append(3);
        auto work = appends_and_settlements(t);
        const int code = fault == &failing_disk::write_fault ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC;
        *fault = code;
        const auto done = commit_batch(*t.box, work, {.now = t.now, .random = t.random});
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), code);
        EXPECT_THAT(t.box->explain(done.error()), testing::HasSubstr("disk I/O error"));
        *fault = SQLITE_OK;
    }
}

TEST(durability, full_syncs_every_commit_and_process_none) {
    failing_disk disk;
    temporary_outbox t;
    for (const auto wanted : {durability::full, durability::process}) {
        t.queue.durability = wanted;
        t.reopen();
        t.append(1);  // the first after a checkpoint also writes the WAL's head
        const int before = failing_disk::syncs;
        t.append(1);
        t.append(1);
        EXPECT_EQ(failing_disk::syncs - before, wanted == durability::full ? 2 : 0);
    }
}

}  // namespace
}  // namespace posthaste
