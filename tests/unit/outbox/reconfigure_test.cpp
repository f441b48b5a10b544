// An outbox that is told other bounds, times and durability while it is open.

#include <gmock/gmock.h>

#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

std::vector<append_outcome> append_two(temporary_outbox& t) {
    batch work;
    work.appends.resize(2);
    for (auto& one : work.appends) {
        one.what = ticket();
    }
    return t.commit(work).appends;
}

TEST(reconfigured_outbox, has_other_bounds_at_once) {
    using enum append_outcome;
    temporary_outbox t;
    queue_settings other = t.queue;
    other.max_events = 1;
    ASSERT_TRUE(t.box->reconfigure(other));
    EXPECT_EQ(append_two(t), (std::vector{stored, queue_full}));
    EXPECT_TRUE(t.box->is_full());
    other.max_events = 3;
    ASSERT_TRUE(t.box->reconfigure(other));
    EXPECT_FALSE(t.box->is_full());
    EXPECT_EQ(append_two(t), (std::vector{stored, stored}));
    other.max_events = 1000;
    other.max_bytes = 1;
    ASSERT_TRUE(t.box->reconfigure(other));
    EXPECT_EQ(append_two(t), (std::vector{queue_full, queue_full}));
}

TEST(reconfigured_outbox, forgets_delivered_events_after_the_other_time) {
    temporary_outbox t;
    t.queue.keep_delivered = std::chrono::hours{24};
    t.reopen();
    const auto stored = t.append(ticket());
    t.settle({delivered(1, t.now)});
    EXPECT_EQ(t.box->next_trim().value(), t.now + std::chrono::hours{24});
    queue_settings other = t.queue;
    other.keep_delivered = seconds{60};
    ASSERT_TRUE(t.box->reconfigure(other));
    EXPECT_EQ(t.box->next_trim().value(), t.now + seconds{60});
    t.now += seconds{60};
    EXPECT_FALSE(t.find(stored.id));
}

TEST(reconfigured_outbox, keeps_the_dead_for_the_other_time_and_in_the_other_bounds) {
    temporary_outbox t;
    for (sequence number = 1; number <= 3; ++number) {
        t.append(ticket());
        settlement death;
        death.what = settlement::kind::dead;
        death.number = number;
        death.at = t.now;
        t.settle({death});
    }
    queue_settings other = t.queue;
    other.keep_dead = seconds{60};
    ASSERT_TRUE(t.box->reconfigure(other));
    EXPECT_EQ(t.box->next_trim().value(), t.now + seconds{60});
    other.max_events = 4;  // a quarter for the dead
    ASSERT_TRUE(t.box->reconfigure(other));
    batch nothing;
    t.commit(nothing);
    EXPECT_EQ(t.box->totals().dead, 1U);
}

TEST(reconfigured_outbox, syncs_as_the_other_durability_asks) {
    failing_disk disk;
    temporary_outbox t;
    const auto syncs_of_an_append = [&] {
        t.append(ticket());
        const int before = failing_disk::syncs;
        t.append(ticket());
        return failing_disk::syncs - before;
    };
    queue_settings other = t.queue;
    ASSERT_EQ(other.durability, durability::process);
    EXPECT_EQ(syncs_of_an_append(), 0);
    other.durability = durability::full;
    ASSERT_TRUE(t.box->reconfigure(other));
    EXPECT_EQ(syncs_of_an_append(), 1);
    other.durability = durability::process;
    ASSERT_TRUE(t.box->reconfigure(other));
    EXPECT_EQ(syncs_of_an_append(), 0);
}

}  // namespace
}  // namespace posthaste
