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

TEST(full_disk, that_is_known_refuses_appends_and_settles_with_all_facts) {
    temporary_outbox t;
    const auto stored = t.append(3);
    auto work = appends_and_settlements(t);
    const auto done = commit_batch(*t.box, work, {.now = t.now, .refuse_appends = true, .random = t.random});
    ASSERT_TRUE(done);
    EXPECT_THAT(done->appends, Each(append_outcome::disk_full));
    EXPECT_EQ(t.find(stored[0].id)->state, event_state::delivered);
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
