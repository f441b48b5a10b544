#include "lib/outbox/outbox.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "lib/outbox/row_sum.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(outbox, gives_an_event_back_as_it_came_also_after_a_restart) {
    temporary_outbox t;
    event odd = ticket("ada", std::string("{ \"a\":\t1.0, \"b\": \"\\u00e9\" }  \n"));
    odd.traceparent.clear();
    odd.tracestate = "vendor=\x80\xff";  // obs-text may stand in a header
    const auto stored = t.append(odd);
    t.reopen();
    const auto got = t.read();
    ASSERT_EQ(got.events.size(), 1U);
    const auto& back = got.events[0];
    EXPECT_EQ(back.id, stored.id);
    EXPECT_EQ(back.number, stored.number);
    EXPECT_EQ(back.received_at, t.now);
    EXPECT_FALSE(back.history);
    EXPECT_EQ(back.what.body, odd.body);
    EXPECT_EQ(back.what.name, odd.name);
    EXPECT_EQ(back.what.user_id, "ada");
    EXPECT_EQ(back.what.path, odd.path);
    EXPECT_EQ(back.what.api_version, odd.api_version);
    EXPECT_EQ(back.what.traceparent, "");
    EXPECT_EQ(back.what.tracestate, odd.tracestate);
}

TEST(outbox, numbers_events_in_order_and_puts_the_number_into_the_id) {
    temporary_outbox t;
    const auto stored = t.append(3);
    EXPECT_THAT(numbers_of(stored), ElementsAre(1, 2, 3));
    EXPECT_EQ(sequence_of(stored[2].id), 3U);
    EXPECT_NE(stored[0].id, stored[1].id);
}

TEST(outbox, never_gives_a_number_twice_after_it_was_drained_and_reopened) {
    temporary_outbox t;
    t.append(2);
    t.settle({delivered(1, t.now), delivered(2, t.now)});
    ASSERT_THAT(t.pending(), IsEmpty());
    t.reopen();
    const auto next = t.append(ticket());
    EXPECT_EQ(next.number, 3U);
    EXPECT_THAT(numbers_of(t.read({.after = 2}).events), ElementsAre(3)) << "a cursor must not pass over it";
}

TEST(outbox, totals_close_after_every_kind_of_outcome_and_over_a_restart) {
    temporary_outbox t;
    const auto stored = t.append(6);
    t.settle({delivered(1, t.now), failed(2, t.now), dead(3, t.now), failed(4, t.now), failed(4, t.now, 2)});
    t.settle({dead(4, t.now), delivered(6, t.now)});
    const outbox_totals expected{
        .accepted = 6, .delivered = 2, .dead = 2, .pending = 2, .retrying = 1, .bytes = 4 * row_bytes(stored[0].what)};
    EXPECT_EQ(t.box->totals(), expected);
    t.reopen();
    EXPECT_EQ(t.box->totals(), expected);
    EXPECT_TRUE(closes(t.box->totals()));
}

TEST(outbox, keeps_counting_the_bytes_of_dead_events_and_releases_those_of_delivered_ones) {
    temporary_outbox t;
    const auto stored = t.append(2);
    t.settle({dead(1, t.now)});
    EXPECT_EQ(t.box->totals().bytes, 2 * row_bytes(stored[0].what));
    t.settle({delivered(2, t.now)});
    EXPECT_EQ(t.box->totals().bytes, row_bytes(stored[0].what));
}

TEST(outbox, ignores_and_counts_outcomes_of_events_that_are_not_pending) {
    temporary_outbox t;
    t.append(1);
    EXPECT_EQ(t.settle({delivered(1, t.now), delivered(7, t.now), failed(8, t.now), dead(9, t.now)}), 3U);
    EXPECT_EQ(t.settle({delivered(1, t.now)}), 1U);
    EXPECT_EQ(t.box->totals().delivered, 1U);
    EXPECT_EQ(t.box->totals().retrying, 0U);
}

TEST(outbox, an_event_may_fail_and_be_delivered_within_one_batch) {
    temporary_outbox t;
    t.append(1);
    t.settle({failed(1, t.now), delivered(1, t.now, 2)});
    EXPECT_EQ(t.box->totals().delivered, 1U);
    EXPECT_EQ(t.box->totals().retrying, 0U);
    EXPECT_THAT(t.pending(), IsEmpty());
}

TEST(outbox, settles_scattered_numbers_and_leaves_the_ones_between) {
    temporary_outbox t;
    t.append(9);
    std::vector<settlement> done;
    for (const sequence number : {8U, 2U, 3U, 7U, 4U}) {
        done.push_back(delivered(number, t.now + milliseconds{number}, number));
    }
    EXPECT_EQ(t.settle(done), 0U);
    EXPECT_THAT(t.pending(), ElementsAre(1, 5, 6, 9));
    const auto first = t.read().events.at(0);
    const uuid two = make_event_id(t.now, 2, 0);
    EXPECT_FALSE(t.find(two)) << "only the whole id finds an event";
    EXPECT_TRUE(t.find(first.id));
}

TEST(outbox, refuses_at_max_events_and_takes_again_once_there_is_room) {
    temporary_outbox t;
    t.queue.max_events = 3;
    t.reopen();
    EXPECT_EQ(t.append(5).size(), 3U);
    EXPECT_TRUE(t.box->is_full());
    t.settle({dead(1, t.now)});
    EXPECT_EQ(t.append(1).size(), 0U) << "dead events count";
    t.settle({delivered(2, t.now)});
    EXPECT_EQ(t.append(2).size(), 1U);
    EXPECT_EQ(t.box->totals().accepted, 4U);
}

TEST(outbox, refuses_what_does_not_fit_into_max_bytes) {
    temporary_outbox t;
    const auto small = ticket();
    t.queue.max_bytes = 3 * row_bytes(small);
    t.reopen();
    EXPECT_EQ(t.append({ticket("1", std::string(3 * row_bytes(small), 'x')), small, small}).size(), 2U);
    EXPECT_FALSE(t.box->is_full());
    EXPECT_EQ(t.append(2).size(), 1U);
    EXPECT_TRUE(t.box->is_full());
}

TEST(outbox, gives_space_back_in_slices_once_most_of_the_file_is_free) {
    temporary_outbox t;
    const auto size = [&] { return std::filesystem::file_size(t.queue.path); };
    for (int round = 0; round < 12; ++round) {
        t.append(std::vector<event>(400, ticket("1", std::string(10'000, 'x'))));
    }
    ASSERT_TRUE(t.box->checkpoint_whole());
    const auto full = size();
    EXPECT_FALSE(t.box->vacuum_due(outbox::thrift::plenty).value());
    std::vector<settlement> all;
    for (sequence number = 1; number <= 12 * 400; ++number) {
        all.push_back(delivered(number, t.now));
    }
    t.settle(all);
    std::size_t slices = 0;
    while (t.box->vacuum_due(outbox::thrift::plenty).value()) {
        ASSERT_TRUE(t.box->vacuum_slice());
        ASSERT_LT(++slices, 1'000U);
    }
    EXPECT_GT(slices, 10U);
    ASSERT_TRUE(t.box->checkpoint_whole());
    EXPECT_LT(size(), full / 2);
    EXPECT_TRUE(t.append(ticket()).number > 0);
}

TEST(outbox, knows_when_the_oldest_pending_event_came) {
    temporary_outbox t;
    EXPECT_FALSE(t.box->oldest_pending().value());
    const auto first = t.now;
    t.append(1);
    t.now += seconds{10};
    t.append(1);
    EXPECT_EQ(t.box->oldest_pending().value(), first);
    t.settle({delivered(1, t.now)});
    EXPECT_EQ(t.box->oldest_pending().value(), t.now);
}

}  // namespace
}  // namespace posthaste
