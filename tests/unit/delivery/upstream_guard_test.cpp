// The reject guard, and what is known of the upstream after a restart.

#include "tests/unit/delivery/upstream_health_fixture.hpp"

namespace posthaste {
namespace {

using std::chrono::hours;

class upstream_guard_test : public testing::upstream_health_fixture {};

TEST_F(upstream_guard_test, twenty_rejections_in_a_row_pause) {
    for (int each = 0; each < 19; ++each)
        answer(422);
    answer(200);
    for (int each = 0; each < 19; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::up);
    EXPECT_FALSE(health.is_at_fault());
    answer(422);
    EXPECT_EQ(state(), upstream_state::paused);
    EXPECT_TRUE(health.is_at_fault());
    EXPECT_TRUE(report().reason->starts_with("rejecting-everything: 20 different events")) << *report().reason;
    EXPECT_EQ(wait(), seconds{30});
}

TEST_F(upstream_guard_test, one_event_that_is_rejected_again_and_again_does_not) {
    const uuid bad = make_event_id(clock.now().wall, 1, 1);
    for (int each = 0; each < 100; ++each)
        end(start(bad), {422, "why"});
    for (int each = 0; each < 18; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::up) << "19 different ones";
    answer(422);
    EXPECT_EQ(state(), upstream_state::paused);
}

TEST_F(upstream_guard_test, trouble_between_rejections_does_not_break_their_row) {
    for (int each = 0; each < 10; ++each)
        answer(422);
    answer(503);
    for (int each = 0; each < 10; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::paused);
}

TEST_F(upstream_guard_test, after_a_resume_the_guard_keeps_still_until_something_was_delivered) {
    for (int each = 0; each < 20; ++each)
        answer(422);
    health.resume_by_hand();
    EXPECT_EQ(state(), upstream_state::up);
    for (int each = 0; each < 10'000; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::up);
    answer(200);
    for (int each = 0; each < 20; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::paused);
}

TEST_F(upstream_guard_test, a_guard_whose_pause_a_person_took_over_keeps_still_as_well) {
    for (int each = 0; each < 20; ++each)
        answer(422);
    health.pause_by_hand(clock.now());
    health.resume_by_hand();
    for (int each = 0; each < 20; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::up);
}

TEST_F(upstream_guard_test, the_guard_can_be_switched_off) {
    rules.reject_guard = 0;
    health.change_rules(rules);
    for (int each = 0; each < 1000; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::up);
}

TEST_F(upstream_guard_test, pauses_by_hand_and_by_the_guard_survive_a_restart) {
    health.pause_by_hand(clock.now());
    const auto since = clock.now().wall;
    clock.advance(hours{1});
    EXPECT_EQ(restarted().state(clock.now().steady), upstream_state::paused);
    upstream_report by_hand;
    restarted().describe(by_hand, clock.now());
    EXPECT_EQ(by_hand.since, since);
    EXPECT_FALSE(by_hand.next_probe_at);

    health.resume_by_hand();
    EXPECT_EQ(restarted().state(clock.now().steady), upstream_state::up);
    for (int each = 0; each < 20; ++each)
        answer(422);
    upstream_report by_guard;
    restarted().describe(by_guard, clock.now());
    EXPECT_TRUE(by_guard.reason->starts_with("rejecting-everything:"));
    EXPECT_EQ(by_guard.next_probe_at, clock.now().wall + seconds{30});
}

TEST_F(upstream_guard_test, a_guard_that_keeps_still_does_so_after_a_restart) {
    for (int each = 0; each < 20; ++each)
        answer(422);
    health.resume_by_hand();
    health = restarted();
    for (int each = 0; each < 1000; ++each)
        answer(422);
    EXPECT_EQ(state(), upstream_state::up);
}

TEST_F(upstream_guard_test, a_refused_key_is_found_out_anew_after_a_restart) {
    answer(401);
    EXPECT_EQ(restarted().state(clock.now().steady), upstream_state::up);
}

TEST_F(upstream_guard_test, what_is_to_be_remembered_is_told_once) {
    upstream_memory memory;
    EXPECT_FALSE(health.remember(memory));
    health.pause_by_hand(clock.now());
    EXPECT_TRUE(health.remember(memory));
    EXPECT_FALSE(health.remember(memory));
    health.pause_by_hand(clock.now());
    EXPECT_FALSE(health.remember(memory)) << "it is paused already";
}

}  // namespace
}  // namespace posthaste
