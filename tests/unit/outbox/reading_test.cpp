#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(page, covers_everything_once_whatever_its_size) {
    temporary_outbox t;
    t.append(11);
    t.settle({delivered(4, t.now)});
    EXPECT_THAT(t.pending(3), ElementsAre(1, 2, 3, 5, 6, 7, 8, 9, 10, 11));
    EXPECT_EQ(t.pending(1), t.pending());
}

TEST(page, says_when_nothing_lies_beyond_it) {
    temporary_outbox t;
    EXPECT_TRUE(t.read().reached_end);
    t.append(4);
    const auto cut = t.read({.max_events = 4});
    EXPECT_EQ(cut.last, 4U);
    EXPECT_FALSE(cut.reached_end) << "a full page cannot know";
    const auto end = t.read({.after = 4});
    EXPECT_THAT(end.events, IsEmpty());
    EXPECT_EQ(end.last, 4U);
    EXPECT_TRUE(end.reached_end);
}

TEST(page, stops_at_its_bytes_but_gives_at_least_one_event) {
    temporary_outbox t;
    t.append({ticket("1", std::string(100, 'x')), ticket("1", std::string(100, 'x')), ticket("1", "{}")});
    EXPECT_THAT(numbers_of(t.read({.max_bytes = 10}).events), ElementsAre(1));
    const auto two = t.read({.max_bytes = 200});
    EXPECT_THAT(numbers_of(two.events), ElementsAre(1, 2));
    EXPECT_EQ(two.last, 2U);
    EXPECT_FALSE(two.reached_end);
}

TEST(page, sees_what_is_committed_with_it) {
    temporary_outbox t;
    t.append(2);
    batch work;
    work.appends.resize(1);
    work.appends[0].what = ticket();
    work.settlements.push_back(delivered(1, t.now));
    work.reads.emplace_back(page_request{});
    EXPECT_THAT(numbers_of(std::get<page>(t.commit(work).reads.at(0)).events), ElementsAre(2, 3));
}

TEST(page, carries_what_failures_wrote_also_after_a_restart) {
    temporary_outbox t;
    t.append(2);
    const auto at = t.now + seconds{1};
    t.settle({failed(2, t.now, 1), failed(2, at, 7)});
    t.reopen();
    const auto events = t.read().events;
    EXPECT_FALSE(events.at(0).history);
    ASSERT_TRUE(events.at(1).history);
    const auto& history = *events[1].history;
    EXPECT_EQ(history.attempts, 7U);
    EXPECT_EQ(history.conflicts_in_a_row, 2U);
    EXPECT_EQ(history.next_at, at + seconds{3});
    EXPECT_EQ(history.first_failed_at, at - seconds{5});
    ASSERT_TRUE(history.last_error);
    EXPECT_EQ(history.last_error->at, at);
    EXPECT_EQ(history.last_error->status, 503);
    EXPECT_EQ(history.last_error->message, "try later");
}

TEST(page, tells_no_status_where_no_answer_came) {
    temporary_outbox t;
    t.append(1);
    auto silent = failed(1, t.now);
    silent.history.last_error->status.reset();
    silent.history.first_failed_at.reset();
    t.settle({silent});
    const auto history = t.read().events.at(0).history;
    EXPECT_FALSE(history->last_error->status);
    EXPECT_FALSE(history->first_failed_at);
}

TEST(lane, gives_parked_events_of_its_user_in_order) {
    temporary_outbox t;
    t.append({ticket("a"), ticket("b"), ticket("a"), ticket("a"), ticket("b")});
    t.park({{"a", 4}, {"a", 1}, {"b", 5}, {"a", 3}});
    const auto first = t.take({.user_id = "a", .below = 6, .max_events = 2});
    EXPECT_EQ(first.user_id, "a");
    EXPECT_THAT(numbers_of(first.events), ElementsAre(1, 3));
    EXPECT_TRUE(first.more);
    const auto second = t.take({.user_id = "a", .after = 3, .below = 6});
    EXPECT_THAT(numbers_of(second.events), ElementsAre(4));
    EXPECT_FALSE(second.more);
    EXPECT_THAT(t.take({.user_id = "a", .after = 4, .below = 6}).events, IsEmpty());
    EXPECT_THAT(numbers_of(t.take({.user_id = "b", .below = 6}).events), ElementsAre(5));
}

TEST(lane, keeps_between_after_and_below) {
    temporary_outbox t;
    t.append(5);
    t.park({{"1", 1}, {"1", 2}, {"1", 3}, {"1", 4}, {"1", 5}});
    const auto got = t.take({.user_id = "1", .after = 1, .below = 4});
    EXPECT_THAT(numbers_of(got.events), ElementsAre(2, 3));
    EXPECT_FALSE(got.more);
    EXPECT_THAT(numbers_of(t.take({.user_id = "1", .after = 3, .below = 9}).events), ElementsAre(4, 5));
}

TEST(lane, passes_over_events_that_are_gone) {
    temporary_outbox t;
    t.append(4);
    t.park({{"1", 1}, {"1", 2}, {"1", 3}, {"1", 4}});
    t.settle({delivered(1, t.now), dead(2, t.now), delivered(3, t.now)});
    EXPECT_THAT(numbers_of(t.take({.user_id = "1", .below = 9, .max_events = 1}).events), ElementsAre(4));
}

TEST(lane, carries_the_history) {
    temporary_outbox t;
    t.append(1);
    t.settle({failed(1, t.now, 3)});
    t.park({{"1", 1}});
    EXPECT_EQ(t.take({.user_id = "1", .below = 2}).events.at(0).history->attempts, 3U);
}

TEST(lane, gives_big_bodies_in_several_pages) {
    temporary_outbox t;
    const std::string big(3 * 1024 * 1024, 'x');
    t.append({ticket("1", big), ticket("1", big), ticket("1", big)});
    t.park({{"1", 1}, {"1", 2}, {"1", 3}});
    const auto first = t.take({.user_id = "1", .below = 9});
    EXPECT_THAT(numbers_of(first.events), ElementsAre(1));
    EXPECT_TRUE(first.more);
    EXPECT_THAT(numbers_of(t.take({.user_id = "1", .after = 1, .below = 9}).events), ElementsAre(2));
}

TEST(find, tells_what_is_kept_of_a_pending_event) {
    temporary_outbox t;
    const auto stored = t.append(ticket("ada"));
    auto facts = t.find(stored.id);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->state, event_state::pending);
    EXPECT_EQ(facts->id, stored.id);
    EXPECT_EQ(facts->name, "Ticket Created");
    EXPECT_EQ(facts->user_id, "ada");
    EXPECT_EQ(facts->received_at, t.now);
    EXPECT_EQ(facts->attempts, 0U);
    EXPECT_FALSE(facts->next_attempt_at);
    EXPECT_EQ(facts->body, stored.what.body);
    t.settle({failed(stored.number, t.now, 2)});
    facts = t.find(stored.id);
    EXPECT_EQ(facts->attempts, 2U);
    EXPECT_EQ(facts->next_attempt_at, t.now + seconds{3});
    EXPECT_EQ(facts->last_error->message, "try later");
    EXPECT_EQ(facts->response_status, 503);
}

TEST(find, tells_what_is_kept_of_a_delivered_event_but_not_its_body) {
    temporary_outbox t;
    const auto stored = t.append(ticket("ada"));
    t.settle({failed(stored.number, t.now), delivered(stored.number, t.now + seconds{9}, 4)});
    t.reopen();
    const auto facts = t.find(stored.id);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->state, event_state::delivered);
    EXPECT_EQ(facts->name, "Ticket Created");
    EXPECT_EQ(facts->user_id, "ada");
    EXPECT_EQ(facts->received_at, t.now);
    EXPECT_EQ(facts->delivered_at, t.now + seconds{9});
    EXPECT_EQ(facts->attempts, 4U);
    EXPECT_EQ(facts->response_status, 200);
    EXPECT_FALSE(facts->body);
}

TEST(find, tells_everything_of_a_dead_event) {
    temporary_outbox t;
    const auto stored = t.append(ticket("ada"));
    t.settle({dead(stored.number, t.now + seconds{9}, death_reason::expired)});
    t.reopen();
    const auto facts = t.find(stored.id);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->state, event_state::dead);
    EXPECT_EQ(facts->user_id, "ada");
    EXPECT_EQ(facts->reason, death_reason::expired);
    EXPECT_EQ(facts->dead_at, t.now + seconds{9});
    EXPECT_EQ(facts->attempts, 1U);
    EXPECT_EQ(facts->last_error->status, 503);
    EXPECT_EQ(facts->body, stored.what.body);
}

TEST(find, knows_nothing_of_other_ids) {
    temporary_outbox t;
    const auto stored = t.append(3);
    t.settle({delivered(1, t.now), dead(2, t.now)});
    for (sequence number = 1; number <= 4; ++number) {
        EXPECT_FALSE(t.find(make_event_id(t.now, number, 0xabcdef))) << number;
    }
}

}  // namespace
}  // namespace posthaste
