#include "tests/unit/delivery/delivery_machine_fixture.hpp"

namespace posthaste {
namespace {

using testing::event_of;
using testing::only;

class delivery_machine_test : public testing::delivery_machine_fixture {};

TEST_F(delivery_machine_test, a_committed_event_is_sent_at_once_without_reading_it_back) {
    begin();
    auto& actions = commit("ada", 1, 1);
    EXPECT_TRUE(only<fetch_page>(actions).empty());
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running.at(0)), 1u);
    EXPECT_EQ(running.at(0).retries, 0u);
    EXPECT_FALSE(running.at(0).new_connection);
}

TEST_F(delivery_machine_test, a_delivered_event_is_settled_and_the_lane_goes_on_without_waiting_for_the_commit) {
    begin();
    commit("ada", 1, 2);
    auto& actions = answer(200, "");
    const auto settled = only<settle_event>(actions);
    ASSERT_EQ(settled.size(), 1u);
    EXPECT_EQ(settled[0].what.what, settlement::kind::delivered);
    EXPECT_EQ(settled[0].what.number, 1u);
    EXPECT_EQ(settled[0].what.status, 200);
    EXPECT_EQ(settled[0].what.attempts, 1u);
    EXPECT_EQ(settled[0].what.at, clock.now().wall);
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running.at(0)), 2u);
}

TEST_F(delivery_machine_test, a_failed_event_waits_its_backoff_and_is_counted) {
    begin();
    commit("ada", 1, 1);
    auto& actions = answer(503, "overloaded");
    const auto settled = only<settle_event>(actions);
    ASSERT_EQ(settled.size(), 1u);
    EXPECT_EQ(settled[0].what.what, settlement::kind::failed);
    const auto& history = settled[0].what.history;
    EXPECT_EQ(history.attempts, 1u);
    EXPECT_EQ(history.next_at, clock.now().wall + milliseconds{500});
    EXPECT_EQ(history.first_failed_at, clock.now().wall);
    EXPECT_EQ(history.last_error->status, 503);
    EXPECT_EQ(history.last_error->message, "overloaded");
    const auto wakes = only<wake_at>(actions);
    ASSERT_EQ(wakes.size(), 1u);
    EXPECT_EQ(wakes[0].when, clock.now().steady + milliseconds{500});

    clock.advance(milliseconds{500});
    resume(time_came{});
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(running.at(0).retries, 1u);
    EXPECT_EQ(only<settle_event>(answer(200)).at(0).what.attempts, 2u);
}

TEST_F(delivery_machine_test, a_rejected_event_dies_at_once_and_frees_its_lane) {
    begin();
    commit("ada", 1, 2);
    auto& actions = answer(422, "no such field");
    const auto settled = only<settle_event>(actions);
    ASSERT_EQ(settled.size(), 1u);
    EXPECT_EQ(settled[0].what.what, settlement::kind::dead);
    EXPECT_EQ(settled[0].what.reason, death_reason::rejected);
    EXPECT_EQ(settled[0].what.history.attempts, 1u);
    EXPECT_EQ(settled[0].what.history.last_error->message, "no such field");
    const auto reported = only<report_death>(actions);
    ASSERT_EQ(reported.size(), 1u);
    EXPECT_EQ(reported[0].event_name, "Ticket Created");
    EXPECT_EQ(reported[0].status, 422);
    EXPECT_EQ(reported[0].id, event_of("ada", 1).id);
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running.at(0)), 2u);
}

TEST_F(delivery_machine_test, the_third_conflict_in_a_row_delivers_and_another_answer_breaks_the_row) {
    begin();
    commit("ada", 1, 1);
    for (const int status : {409, 409, 503, 409, 409}) {
        EXPECT_EQ(only<settle_event>(answer(status)).at(0).what.what, settlement::kind::failed);
        wait_for_retry();
    }
    const auto settled = only<settle_event>(answer(409)).at(0).what;
    EXPECT_EQ(settled.what, settlement::kind::delivered);
    EXPECT_EQ(settled.status, 409);
    EXPECT_EQ(settled.attempts, 6u);
}

TEST_F(delivery_machine_test, an_event_expires_only_when_it_is_old_and_was_tried_eight_times) {
    begin();
    commit("ada", 1, 1);
    answer(503);
    clock.advance(std::chrono::hours{24 * 6});
    for (int attempt = 2; attempt < 8; ++attempt) {
        wait_for_retry();
        EXPECT_EQ(only<settle_event>(answer(503)).at(0).what.what, settlement::kind::failed) << attempt;
    }
    wait_for_retry();
    const auto settled = only<settle_event>(answer(std::nullopt)).at(0).what;
    EXPECT_EQ(settled.what, settlement::kind::dead);
    EXPECT_EQ(settled.reason, death_reason::expired);
    EXPECT_EQ(settled.history.attempts, 8u);
}

TEST_F(delivery_machine_test, a_young_event_never_expires_however_often_it_failed) {
    begin();
    commit("ada", 1, 1);
    for (int attempt = 1; attempt < 100; ++attempt) {
        ASSERT_EQ(only<settle_event>(answer(503)).at(0).what.what, settlement::kind::failed) << attempt;
        wait_for_retry();
    }
}

TEST_F(delivery_machine_test, a_wall_clock_that_jumps_kills_nothing) {
    begin();
    commit("ada", 1, 1);
    for (int attempt = 1; attempt < 10; ++attempt) {
        ASSERT_EQ(only<settle_event>(answer(503)).at(0).what.what, settlement::kind::failed) << attempt;
        clock.jump_wall(std::chrono::hours{24 * 10});
        wait_for_retry();
    }
}

TEST_F(delivery_machine_test, attempts_and_age_are_taken_up_again_after_a_restart) {
    begin();
    auto old = event_of("ada", 1);
    old.history = attempt_history{.attempts = 7,
                                  .next_at = clock.now().wall,
                                  .first_failed_at = clock.now().wall - std::chrono::hours{24 * 6},
                                  .last_error = {}};
    events_committed committed;
    committed.events.push_back(std::move(old));
    resume(std::move(committed));
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(running.at(0).retries, 7u);
    const auto settled = only<settle_event>(answer(503)).at(0).what;
    EXPECT_EQ(settled.what, settlement::kind::dead);
    EXPECT_EQ(settled.reason, death_reason::expired);
}

TEST_F(delivery_machine_test, a_misdirected_event_goes_again_on_a_new_connection) {
    begin();
    commit("ada", 1, 1);
    answer(421);
    wait_for_retry();
    EXPECT_TRUE(running.at(0).new_connection);
    answer(503);
    wait_for_retry();
    EXPECT_FALSE(running.at(0).new_connection);
}

TEST_F(delivery_machine_test, at_most_so_many_attempts_run_at_once) {
    delivery_rules rules;
    rules.health.max_concurrency = 2;
    begin(rules);
    for (sequence number = 1; number <= 5; ++number)
        commit("user " + std::to_string(number), number, number);
    EXPECT_EQ(running.size(), 2u);
    EXPECT_EQ(machine->in_flight(), 2u);
    answer(200);
    EXPECT_EQ(running.size(), 2u);
    EXPECT_EQ(machine->in_flight(), 2u);
}

TEST_F(delivery_machine_test, nothing_new_is_sent_while_settlements_are_not_on_disk) {
    delivery_rules rules;
    rules.unconfirmed_settlements = 2;
    begin(rules);
    commit("ada", 1, 10);
    for (int sent = 0; sent < 3; ++sent)
        answer(200);
    EXPECT_TRUE(running.empty());
    EXPECT_EQ(machine->unconfirmed(), 3u);
    resume(settlements_confirmed{1});
    EXPECT_EQ(running.size(), 1u);
}

TEST_F(delivery_machine_test, nothing_new_is_sent_from_when_settlements_cannot_be_written_until_some_are) {
    begin();
    commit("ada", 1, 10);
    answer(200);
    EXPECT_EQ(running.size(), 1u);
    resume(settlements_stuck{});
    answer(200);
    EXPECT_TRUE(running.empty()) << "what was in flight ends, nothing follows it";
    commit("bob", 11, 12);
    EXPECT_TRUE(running.empty());
    resume(settlements_confirmed{2});
    EXPECT_EQ(running.size(), 2u);
    resume(settlements_stuck{});
    answer(200);
    EXPECT_EQ(running.size(), 2u) << "it was overtaken by the confirmation of all that was settled";
}

TEST_F(delivery_machine_test, damaged_events_are_buried_and_never_sent) {
    begin();
    commit("ada", 2, 2);
    page read{.events = {}, .damaged = {1}, .last = 2, .reached_end = true};
    read.events.push_back(event_of("ada", 2));
    auto& actions = resume(page_arrived{std::move(read)});
    const auto settled = only<settle_event>(actions);
    ASSERT_EQ(settled.size(), 1u);
    EXPECT_EQ(settled[0].what.what, settlement::kind::dead);
    EXPECT_EQ(settled[0].what.reason, death_reason::damaged);
    EXPECT_EQ(settled[0].what.number, 1u);
    EXPECT_EQ(only<report_death>(actions).at(0).number, 1u);
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running.at(0)), 2u);
}

TEST_F(delivery_machine_test, a_wake_is_asked_for_once_and_again_only_for_an_earlier_one) {
    begin();
    commit("ada", 1, 1);
    EXPECT_EQ(only<wake_at>(answer(503)).size(), 1u);
    clock.advance(milliseconds{1});
    commit("bob", 2, 2);
    EXPECT_TRUE(only<wake_at>(answer(503)).empty()) << "due after the one that is armed";
    clock.advance(milliseconds{499});
    EXPECT_EQ(only<wake_at>(resume(time_came{})).size(), 1u);
}

TEST_F(delivery_machine_test, while_stopping_nothing_is_started_or_fetched_but_answers_are_settled) {
    begin();
    commit("ada", 1, 2);
    commit("bob", 3, 3);
    EXPECT_TRUE(resume(delivery_stopping{}).empty());
    const auto& actions = answer(200);
    EXPECT_EQ(only<settle_event>(actions).size(), 1u);
    EXPECT_EQ(actions.size(), 1u);
    answer(503);
    clock.advance(std::chrono::hours{1});
    EXPECT_TRUE(resume(time_came{}).empty());
    EXPECT_TRUE(commit("eve", 4, 4).empty());
    EXPECT_EQ(machine->in_flight(), 0u);
}

TEST_F(delivery_machine_test, what_was_sent_over_a_closed_connection_goes_again_before_all_others_and_counts_nothing) {
    delivery_rules rules;
    rules.health.max_concurrency = 1;
    begin(rules);
    commit("ada", 1, 2);
    commit("bob", 3, 3);
    const start_attempt first = running.at(0);
    running.clear();
    EXPECT_TRUE(only<settle_event>(resume(attempt_unsent{first.place})).empty());
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running[0]), 1u);
    EXPECT_EQ(running[0].retries, 0u);
    EXPECT_TRUE(running[0].new_connection);
    EXPECT_EQ(machine->in_flight(), 1u);
    answer(200);
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running[0]), 3u);
    EXPECT_FALSE(running[0].new_connection);
}

TEST_F(delivery_machine_test, what_was_sent_over_a_closed_connection_does_not_go_again_into_a_pause) {
    begin();
    commit("ada", 1, 1);
    resume(pause_asked{});
    const start_attempt first = running.at(0);
    running.clear();
    resume(attempt_unsent{first.place});
    EXPECT_TRUE(running.empty());
    resume(resume_asked{});
    ASSERT_EQ(running.size(), 1u);
    EXPECT_TRUE(running[0].new_connection);
}

}  // namespace
}  // namespace posthaste
