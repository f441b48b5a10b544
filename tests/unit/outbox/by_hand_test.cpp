// Dead events that are sent again or removed, pending ones that are removed: in slices, and the accounts close.

#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using kind = dead_request::kind;

struct by_hand : testing::Test {
    temporary_outbox t;

    dead_report apply(kind what, selection_request which = {}) {
        batch work;
        work.by_hand.push_back({what, std::move(which)});
        return t.commit(work).by_hand.at(0);
    }
    pending_event dead_event(const std::string& user = "1", death_reason reason = death_reason::rejected,
                             const std::string& name = "Ticket Created") {
        event what = ticket(user);
        what.name = name;
        const pending_event stored = t.append(what);
        t.settle({dead(stored.number, t.now, reason)});
        return stored;
    }
    std::vector<sequence> selected(selection_request which) { return t.box->select(which).value().numbers; }
    [[nodiscard]] const outbox_totals& totals() const { return t.box->totals(); }
};

TEST_F(by_hand, a_dead_event_is_pending_again_with_its_id_and_time_at_the_end_and_without_a_history) {
    const pending_event first = dead_event("1");
    t.now += seconds{5};
    const pending_event second = t.append(ticket("1"));
    const auto before = totals();
    const dead_report report = apply(kind::retry);
    EXPECT_EQ(report.done, 1U);
    EXPECT_TRUE(report.reached_end);
    EXPECT_EQ(totals().dead, 0U);
    EXPECT_EQ(totals().pending, 2U);
    EXPECT_EQ(totals().accepted, before.accepted);
    EXPECT_EQ(totals().bytes, before.bytes);
    EXPECT_TRUE(closes(totals()));
    t.reopen();
    const page read = t.read();
    ASSERT_EQ(read.events.size(), 2U);
    EXPECT_EQ(read.events[0].number, second.number);
    EXPECT_EQ(read.events[1].id, first.id);
    EXPECT_EQ(read.events[1].what.body, first.what.body);
    EXPECT_EQ(read.events[1].received_at, first.received_at);
    EXPECT_FALSE(read.events[1].history);
    EXPECT_EQ(t.find(first.id)->state, event_state::pending);
    EXPECT_EQ(t.find(first.id)->attempts, 0U);
}

// A commit that moves many large bodies would hold up every post.
TEST_F(by_hand, large_events_are_moved_a_few_at_a_time) {
    event large = ticket("1");
    large.body.insert(large.body.size() - 1, 700'000, ' ');
    for (int each = 0; each < 5; ++each)
        t.settle({dead(t.append(large).number, t.now)});
    for (const auto what : {kind::retry, kind::discard}) {
        const dead_report report = apply(what);
        EXPECT_EQ(report.done, 2U);
        EXPECT_FALSE(report.reached_end);
        EXPECT_EQ(selected({.after = report.last}).size(), what == kind::retry ? 3U : 1U) << "and goes on behind it";
    }
    EXPECT_EQ(totals().dead, 1U);
    EXPECT_EQ(totals().pending, 2U);
    EXPECT_TRUE(closes(totals()));
}

TEST_F(by_hand, an_event_can_die_and_be_sent_again_any_number_of_times) {
    const pending_event event = dead_event();
    for (int round = 0; round < 3; ++round) {
        ASSERT_EQ(apply(kind::retry).done, 1U);
        const auto found = t.find(event.id);
        ASSERT_TRUE(found);
        t.settle({dead(found->number, t.now)});
        ASSERT_EQ(t.find(event.id)->state, event_state::dead);
    }
    apply(kind::retry);
    t.settle({delivered(t.find(event.id)->number, t.now)});
    EXPECT_EQ(t.find(event.id)->state, event_state::delivered);
    EXPECT_EQ(totals().delivered, 1U);
    EXPECT_TRUE(closes(totals()));
    t.now += std::chrono::hours{25};
    batch nothing;
    t.commit(nothing);
    EXPECT_FALSE(t.find(event.id)) << "its facts go with all that stood for it";
    EXPECT_EQ(t.box->totals().bytes, 0U);
}

TEST_F(by_hand, discarding_the_dead_removes_and_counts_them) {
    const pending_event event = dead_event();
    EXPECT_EQ(apply(kind::discard).done, 1U);
    EXPECT_FALSE(t.find(event.id));
    EXPECT_EQ(totals().discarded, 1U);
    EXPECT_EQ(totals().dead, 0U);
    EXPECT_EQ(totals().bytes, 0U);
    EXPECT_TRUE(closes(totals()));
    t.reopen();
    EXPECT_EQ(totals().discarded, 1U);
}

TEST_F(by_hand, discarding_pending_ones_removes_them_with_their_history) {
    const auto events = t.append(3);
    t.settle({failed(events[1].number, t.now)});
    settlement away;
    away.what = settlement::kind::discarded;
    away.number = events[1].number;
    EXPECT_EQ(t.settle({away}), 0U);
    EXPECT_EQ(t.settle({away}), 0U) << "a second time there is nothing to do";
    EXPECT_THAT(t.pending(), ElementsAre(events[0].number, events[2].number));
    EXPECT_EQ(totals().discarded, 1U);
    EXPECT_EQ(totals().retrying, 0U);
    EXPECT_TRUE(closes(totals()));
}

TEST_F(by_hand, a_page_that_reached_the_end_covers_what_was_discarded_behind_it) {
    const auto events = t.append(3);
    for (const std::size_t at : {1, 2}) {
        settlement away;
        away.what = settlement::kind::discarded;
        away.number = events[at].number;
        t.settle({away});
    }
    const page read = t.read();
    EXPECT_TRUE(read.reached_end);
    EXPECT_EQ(read.last, events[2].number) << "else it would be asked for again and again";
}

TEST_F(by_hand, works_in_slices_up_to_a_number_and_a_limit) {
    for (int n = 0; n < 150; ++n)
        dead_event();
    const sequence newest = t.box->last_number();
    const dead_report first = apply(kind::retry, {.through = newest, .limit = 10'000});
    EXPECT_EQ(first.done, 64U);
    EXPECT_FALSE(first.reached_end);
    const dead_report second = apply(kind::retry, {.after = first.last, .through = newest, .limit = 6});
    EXPECT_EQ(second.done, 6U);
    std::size_t done = 70;
    for (sequence after = second.last; done < 150;) {
        const dead_report next = apply(kind::retry, {.after = after, .through = newest});
        after = next.last;
        done += next.done;
        ASSERT_GT(next.done, 0U);
    }
    EXPECT_EQ(totals().pending, 150U);
    EXPECT_EQ(apply(kind::retry, {.through = newest}).done, 0U);
}

TEST_F(by_hand, chooses_by_name_user_reason_and_time_of_death) {
    const auto number = [this](const pending_event& of) { return t.find(of.id)->number; };
    const auto a = dead_event("ada", death_reason::rejected, "A");
    const auto b = dead_event("bob", death_reason::expired, "A");
    t.now += seconds{10};
    const auto c = dead_event("ada", death_reason::rejected, "B");
    EXPECT_THAT(selected({}), ElementsAre(number(a), number(b), number(c)));
    EXPECT_THAT(selected({.name = "A"}), ElementsAre(number(a), number(b)));
    EXPECT_THAT(selected({.user_id = "ada"}), ElementsAre(number(a), number(c)));
    EXPECT_THAT(selected({.reason = death_reason::expired}), ElementsAre(number(b)));
    EXPECT_THAT(selected({.died_by = t.now - seconds{1}}), ElementsAre(number(a), number(b)));
    EXPECT_THAT(selected({.name = "A", .user_id = "ada"}), ElementsAre(number(a)));
    const auto waiting = t.append(ticket("ada"));
    EXPECT_THAT(selected({.state = event_state::pending, .user_id = "ada"}), ElementsAre(waiting.number));
}

TEST_F(by_hand, a_damaged_event_is_not_sent_again_and_can_be_discarded) {
    const pending_event event = dead_event();
    t.box.reset();
    alter(t.queue.path, "UPDATE dead SET body = x'00'");
    t.open();
    const dead_report report = apply(kind::retry);
    EXPECT_EQ(report.done, 0U);
    EXPECT_EQ(report.skipped, 1U);
    EXPECT_EQ(totals().dead, 1U);
    EXPECT_EQ(apply(kind::discard).done, 1U);
    EXPECT_FALSE(t.find(event.id));
}

}  // namespace
}  // namespace posthaste
