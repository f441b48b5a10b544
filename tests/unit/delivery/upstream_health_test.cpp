#include <gmock/gmock.h>

#include "tests/unit/delivery/upstream_health_fixture.hpp"

namespace posthaste {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class upstream_health_test : public testing::upstream_health_fixture {};

TEST_F(upstream_health_test, is_up_at_the_start_with_four_at_once) {
    EXPECT_EQ(state(), upstream_state::up);
    EXPECT_EQ(may_start(3), permit::attempt);
    EXPECT_EQ(may_start(4), permit::none);
    EXPECT_EQ(report().state, "up");
    EXPECT_FALSE(report().reason);
}

TEST_F(upstream_health_test, opens_after_five_failures_in_a_row_and_not_before) {
    for (int each = 0; each < 4; ++each)
        answer(503);
    answer(200);
    for (int each = 0; each < 4; ++each)
        answer(std::nullopt);
    EXPECT_EQ(state(), upstream_state::up);
    answer(500);
    EXPECT_EQ(state(), upstream_state::open);
    EXPECT_EQ(report().reason, "failing: the upstream answered 500");
    EXPECT_EQ(report().since, clock.now().wall);
    EXPECT_EQ(report().next_probe_at, clock.now().wall + seconds{1});
}

TEST_F(upstream_health_test, a_rejected_event_shows_that_the_upstream_works) {
    for (int each = 0; each < 4; ++each)
        answer(503);
    answer(400);
    answer(503);
    EXPECT_EQ(state(), upstream_state::up);
}

TEST_F(upstream_health_test, a_conflict_says_nothing_of_the_upstream) {
    for (int each = 0; each < 20; ++each)
        answer(409);
    EXPECT_EQ(state(), upstream_state::up);
}

TEST_F(upstream_health_test, while_open_one_probe_at_a_time_after_one_second_doubling_to_sixty) {
    fail_until_open();
    EXPECT_EQ(may_start(), permit::none);
    for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
        EXPECT_EQ(wait(), seconds{expected});
        clock.advance(seconds{expected});
        ASSERT_EQ(may_start(), permit::probe);
        const auto probe = start();
        EXPECT_EQ(may_start(1), permit::none) << "one at a time";
        EXPECT_EQ(wait(), milliseconds{-1});
        end(probe, {503, ""});
        EXPECT_EQ(state(), upstream_state::open);
    }
}

TEST_F(upstream_health_test, the_wait_for_a_probe_has_jitter) {
    fail_until_open();
    clock.advance(seconds{1});
    const auto probe = start();
    health.ended(probe, {503, ""}, verdict::retry, clock.now(), 500);
    EXPECT_EQ(wait(), milliseconds{1500});
}

TEST_F(upstream_health_test, a_success_closes_and_what_follows_starts_slowly) {
    fail_until_open();
    clock.advance(seconds{1});
    answer(200);
    EXPECT_EQ(state(), upstream_state::up);
    EXPECT_EQ(health.concurrency(), 1u);
    for (int each = 0; each < 4; ++each)
        answer(503);
    EXPECT_EQ(state(), upstream_state::up) << "the row begins anew";
}

TEST_F(upstream_health_test, a_429_holds_for_its_retry_after_and_is_no_failure) {
    for (int each = 0; each < 10; ++each) {
        answer(429, seconds{7});
        EXPECT_EQ(state(), upstream_state::held);
        EXPECT_EQ(may_start(), permit::none);
        EXPECT_EQ(wait(), seconds{7});
        EXPECT_EQ(report().next_probe_at, clock.now().wall + seconds{7});
        clock.advance(seconds{7});
        EXPECT_EQ(state(), upstream_state::up);
        EXPECT_EQ(may_start(), permit::attempt);
        EXPECT_EQ(may_start(1), permit::none) << "a slow start";
    }
}

TEST_F(upstream_health_test, a_503_with_retry_after_holds_too) {
    answer(503, minutes{2});
    EXPECT_EQ(state(), upstream_state::held);
    EXPECT_EQ(wait(), minutes{2});
}

TEST_F(upstream_health_test, no_hold_is_longer_than_an_hour) {
    answer(429, hours{24});
    EXPECT_EQ(wait(), hours{1});
}

TEST_F(upstream_health_test, without_a_retry_after_holds_for_one_second_doubling_to_sixty) {
    for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
        answer(429);
        EXPECT_EQ(wait(), seconds{expected});
        clock.advance(seconds{expected});
    }
    answer(200);
    answer(429);
    EXPECT_EQ(wait(), seconds{1}) << "a delivery begins the row anew";
}

TEST_F(upstream_health_test, a_retry_after_that_is_no_time_to_wait_is_as_good_as_none) {
    for (const int expected : {1, 2, 4}) {
        answer(expected == 2 ? 503 : 429, seconds{0});
        EXPECT_EQ(state(), upstream_state::held);
        EXPECT_EQ(wait(), seconds{expected});
        clock.advance(seconds{expected});
    }
    answer(429, seconds{-60});
    EXPECT_EQ(wait(), seconds{8}) << "a date that is past";
}

TEST_F(upstream_health_test, answers_to_what_was_sent_before_a_hold_do_not_double_it) {
    const auto first = start();
    const auto second = start();
    const auto third = start();
    end(first, {429, ""});
    end(second, {429, ""});
    EXPECT_EQ(wait(), seconds{1});
    end(third, {200, ""});
    EXPECT_EQ(state(), upstream_state::held);
    clock.advance(seconds{1});
    answer(429);
    EXPECT_EQ(wait(), seconds{2});
}

TEST_F(upstream_health_test, answers_that_come_late_to_what_was_sent_before_a_hold_neither_prolong_nor_repeat_it) {
    const auto first = start();
    const auto during = start();
    const auto after = start();
    const auto delivered = start();
    end(first, {429, ""});
    clock.advance(milliseconds{900});
    end(during, {429, ""});
    EXPECT_EQ(wait(), milliseconds{100});
    clock.advance(milliseconds{200});
    end(after, {429, ""});
    EXPECT_EQ(state(), upstream_state::up);
    end(delivered, {200, ""});
    answer(429);
    EXPECT_EQ(wait(), seconds{2}) << "what was delivered had been sent before the hold, too";
}

TEST_F(upstream_health_test, a_time_that_the_upstream_names_holds_whenever_it_was_asked) {
    const auto first = start();
    const auto second = start();
    end(first, {429, ""});
    clock.advance(seconds{1});
    end(second, {429, "", seconds{7}});
    EXPECT_EQ(wait(), seconds{7});
}

TEST_F(upstream_health_test, a_refused_key_pauses_and_probes_after_thirty_seconds_doubling_to_five_minutes) {
    answer(401);
    EXPECT_EQ(state(), upstream_state::paused);
    EXPECT_TRUE(health.is_at_fault());
    EXPECT_TRUE(report().reason->starts_with("key-refused: the upstream answered 401")) << *report().reason;
    for (const int expected : {30, 60, 120, 240, 300, 300}) {
        EXPECT_EQ(wait(), seconds{expected});
        clock.advance(seconds{expected});
        ASSERT_EQ(may_start(), permit::probe);
        const auto probe = start();
        EXPECT_EQ(may_start(1), permit::none);
        end(probe, {401, ""});
    }
    clock.advance(minutes{5});
    answer(200);
    EXPECT_EQ(state(), upstream_state::up);
    EXPECT_EQ(health.concurrency(), 1u);
}

TEST_F(upstream_health_test, a_rejected_or_failed_probe_leaves_the_pause_as_it_is) {
    answer(404);
    for (const int status : {400, 503, 500, 409}) {
        clock.advance(minutes{5});
        ASSERT_EQ(may_start(), permit::probe);
        answer(status);
        EXPECT_EQ(state(), upstream_state::paused) << status;
    }
    EXPECT_TRUE(report().reason->starts_with("wrong-url:")) << *report().reason;
}

TEST_F(upstream_health_test, a_delivery_that_began_before_the_pause_does_not_end_it) {
    const auto before = start();
    answer(401);
    end(before, {200, ""});
    EXPECT_EQ(state(), upstream_state::paused);
}

TEST_F(upstream_health_test, a_probe_that_finds_the_key_refused_begins_a_pause_like_any_other) {
    fail_until_open();
    clock.advance(wait());
    answer(401);
    EXPECT_EQ(state(), upstream_state::paused);
    EXPECT_EQ(wait(), seconds{30}) << "it was no probe of this pause";
}

TEST_F(upstream_health_test, a_probe_from_before_the_pause_does_not_end_it) {
    const auto other = start();
    fail_until_open();
    clock.advance(wait());
    const auto probe = start();
    end(other, {401, "why"});
    end(probe, {200, ""});
    EXPECT_EQ(state(), upstream_state::paused);
    EXPECT_EQ(wait(), seconds{30});
}

TEST_F(upstream_health_test, a_probe_waits_where_a_reload_leaves_no_room_for_it) {
    fail_until_open();
    rules.max_concurrency = 1;
    health.change_rules(rules);
    clock.advance(wait());
    EXPECT_EQ(may_start(1), permit::none);
    EXPECT_EQ(may_start(0), permit::probe);
}

TEST_F(upstream_health_test, a_probe_is_due_at_once_when_the_set_up_may_have_changed) {
    answer(401);
    health.look_again(clock.now(), true);
    ASSERT_EQ(may_start(), permit::probe);
    answer(401);
    EXPECT_EQ(wait(), seconds{30}) << "the waits begin anew";
}

TEST_F(upstream_health_test, a_probe_under_way_does_not_put_that_off) {
    answer(401);
    clock.advance(seconds{30});
    const auto probe = start();
    health.look_again(clock.now(), false);
    EXPECT_EQ(wait(), milliseconds{-1}) << "one at a time";
    end(probe, {401, ""});
    EXPECT_EQ(may_start(), permit::probe);
}

TEST_F(upstream_health_test, another_key_ends_the_hold_of_the_old_one) {
    answer(429, minutes{30});
    health.look_again(clock.now(), false);
    EXPECT_EQ(state(), upstream_state::held);
    health.look_again(clock.now(), true);
    EXPECT_EQ(state(), upstream_state::up);
}

TEST_F(upstream_health_test, a_pause_by_hand_sends_nothing_at_all_and_only_a_hand_ends_it) {
    const auto before = start();
    health.pause_by_hand(clock.now());
    end(before, {200, ""});
    clock.advance(hours{24});
    EXPECT_EQ(state(), upstream_state::paused);
    EXPECT_EQ(may_start(), permit::none);
    EXPECT_EQ(wait(), milliseconds{-1});
    EXPECT_FALSE(health.is_at_fault()) << "what is in flight is judged as ever";
    EXPECT_TRUE(report().reason->starts_with("by-hand:"));
    EXPECT_FALSE(report().next_probe_at);
    health.look_again(clock.now(), true);
    EXPECT_EQ(may_start(), permit::none);
    health.resume_by_hand();
    EXPECT_EQ(may_start(), permit::attempt);
    EXPECT_EQ(health.concurrency(), 1u);
}

TEST_F(upstream_health_test, a_pause_hides_a_hold_and_a_hold_an_opening) {
    fail_until_open();
    clock.advance(seconds{1});
    answer(429, seconds{90});
    EXPECT_EQ(state(), upstream_state::held);
    health.pause_by_hand(clock.now());
    EXPECT_EQ(state(), upstream_state::paused);
    health.resume_by_hand();
    EXPECT_EQ(state(), upstream_state::held);
    EXPECT_EQ(wait(), seconds{90});
}

TEST_F(upstream_health_test, no_probe_goes_out_during_a_hold) {
    answer(401);
    clock.advance(seconds{30});
    answer(429, minutes{10});
    EXPECT_EQ(state(), upstream_state::paused);
    EXPECT_EQ(wait(), minutes{10});
}

TEST_F(upstream_health_test, shows_the_reason_of_the_state_it_shows) {
    answer(401);
    const auto paused_at = clock.now().wall;
    clock.advance(seconds{30});
    answer(429, minutes{10});
    EXPECT_THAT(*report().reason, ::testing::StartsWith("key-refused: "));
    EXPECT_EQ(report().since, paused_at);
    health.resume_by_hand();
    EXPECT_EQ(state(), upstream_state::held);
    EXPECT_THAT(*report().reason, ::testing::StartsWith("asked-to-wait: "));
    EXPECT_EQ(report().since, clock.now().wall);
}

TEST_F(upstream_health_test, shows_why_it_is_open_again_once_a_hold_in_between_is_over) {
    fail_until_open();
    const auto open_since = clock.now().wall;
    clock.advance(seconds{1});
    answer(429, seconds{90});
    EXPECT_THAT(*report().reason, ::testing::StartsWith("asked-to-wait: "));
    clock.advance(seconds{90});
    EXPECT_EQ(state(), upstream_state::open);
    EXPECT_EQ(report().reason, "unreachable: why");
    EXPECT_EQ(report().since, open_since);
}

TEST_F(upstream_health_test, overload_halves_what_runs_at_once_and_other_failures_do_not) {
    answer(500);
    answer(std::nullopt);
    EXPECT_EQ(health.concurrency(), 4u);
    answer(503);
    EXPECT_EQ(health.concurrency(), 2u);
    attempt_outcome late{std::nullopt, "no whole answer within 30s"};
    late.timed_out = true;
    end(start(), late);
    EXPECT_EQ(health.concurrency(), 1u);
}

TEST_F(upstream_health_test, the_rate_limit_holds_for_attempts_and_probes) {
    rules.rate_limit = 1;
    health.change_rules(rules);
    answer(401);
    EXPECT_EQ(wait(), seconds{30});
    health.look_again(clock.now(), true);
    EXPECT_EQ(wait(), seconds{1}) << "the token of this second is gone";
}

TEST_F(upstream_health_test, an_opening_under_a_hold_is_no_trouble_of_its_own) {
    std::vector<attempt_ticket> sent;
    for (int each = 0; each < 6; ++each)
        sent.push_back(start());
    end(sent[0], {429, "why", seconds{20}});
    const auto troubles = health.troubles();
    for (int each = 1; each < 6; ++each)
        end(sent[each], {500, "why"});
    EXPECT_EQ(state(), upstream_state::held);
    EXPECT_EQ(health.troubles(), troubles) << "it is held all the same";
    clock.advance(seconds{20});
    EXPECT_EQ(state(), upstream_state::open);
}

}  // namespace
}  // namespace posthaste
