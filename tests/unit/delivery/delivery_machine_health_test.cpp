// The machine and its upstream: what a pause, a hold, an opening and a changed set-up mean for the events.

#include "tests/unit/delivery/delivery_machine_fixture.hpp"

namespace posthaste {
namespace {

using std::chrono::minutes;
using testing::event_of;
using testing::only;

class delivery_machine_health_test : public testing::delivery_machine_fixture {
  protected:
    [[nodiscard]] std::string state() const { return machine->report(clock.now()).state; }

    void wait_for(milliseconds time) {
        clock.advance(time);
        resume(time_came{});
    }

    std::vector<action>& answer_after(int status, milliseconds retry_after) {
        const auto place = running.back().place;
        running.pop_back();
        return resume(attempt_ended{place, {status, "why", retry_after}});
    }
};

TEST_F(delivery_machine_health_test, a_refused_key_pauses_and_burns_nothing) {
    begin();
    commit("ada", 1, 1);
    for (const int status : {401, 402, 403, 404, 405, 407, 302, 401, 401, 401}) {
        auto& actions = answer(status);
        const auto settled = only<settle_event>(actions).at(0).what;
        EXPECT_EQ(settled.what, settlement::kind::failed) << status;
        EXPECT_EQ(settled.history.attempts, 0u) << status;
        EXPECT_FALSE(settled.history.first_failed_at) << status;
        EXPECT_EQ(settled.history.last_error->status, status);
        EXPECT_EQ(state(), "paused");
        EXPECT_TRUE(running.empty());
        wait_for_retry();
    }
    EXPECT_EQ(running.at(0).retries, 10u);
    answer(200);
    EXPECT_EQ(state(), "up");
}

TEST_F(delivery_machine_health_test, each_probe_takes_the_head_of_another_lane) {
    begin();
    commit("ada", 1, 2);
    answer(401);
    commit("bob", 3, 3);
    commit("eve", 4, 4);
    std::vector<sequence> probed;
    for (int probe = 0; probe < 4; ++probe) {
        wait_for(minutes{5});
        ASSERT_EQ(running.size(), 1u);
        probed.push_back(number_of(running[0]));
        answer(401);
    }
    EXPECT_EQ(probed, (std::vector<sequence>{3, 4, 1, 3}));
}

TEST_F(delivery_machine_health_test, a_probe_that_is_rejected_neither_kills_nor_counts) {
    begin();
    commit("ada", 1, 1);
    answer(401);
    for (const int status : {400, 422, 503, 500}) {
        wait_for(minutes{5});
        const auto settled = only<settle_event>(answer(status)).at(0).what;
        EXPECT_EQ(settled.what, settlement::kind::failed) << status;
        EXPECT_EQ(settled.history.attempts, 0u) << status;
    }
}

TEST_F(delivery_machine_health_test, an_unreached_upstream_pauses_on_404_and_a_reached_one_rejects) {
    delivery_rules rules;
    rules.target = "url and key";
    begin(rules);
    commit("ada", 1, 3);
    answer(404);
    EXPECT_EQ(state(), "paused");
    wait_for(minutes{5});
    auto& delivered = answer(200);
    const auto remembered = only<remember_upstream>(delivered);
    ASSERT_EQ(remembered.size(), 1u);
    EXPECT_EQ(remembered[0].what.reached_with, "url and key");
    EXPECT_EQ(only<settle_event>(answer(404)).at(0).what.what, settlement::kind::dead);
    EXPECT_TRUE(only<remember_upstream>(answer(200)).empty()) << "is known";
}

TEST_F(delivery_machine_health_test, that_it_was_reached_is_known_after_a_restart_but_not_of_another_key) {
    delivery_rules rules;
    rules.target = "one";
    begin(rules, {.reached_with = "one"});
    commit("ada", 1, 2);
    EXPECT_EQ(only<settle_event>(answer(403)).at(0).what.what, settlement::kind::dead);
    rules.target = "two";
    resume(rules_changed{rules});
    // It began before the change, and so is about the old key.
    EXPECT_TRUE(only<settle_event>(answer(403)).empty());
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(only<settle_event>(answer(403)).at(0).what.what, settlement::kind::failed);
    EXPECT_EQ(state(), "paused");
}

TEST_F(delivery_machine_health_test, a_delivery_with_the_old_key_says_nothing_of_the_new_one) {
    delivery_rules rules;
    rules.target = "one";
    begin(rules);
    commit("ada", 1, 2);
    rules.target = "two";
    resume(rules_changed{rules});
    EXPECT_TRUE(only<remember_upstream>(answer(200)).empty());
    EXPECT_EQ(only<settle_event>(answer(403)).at(0).what.what, settlement::kind::failed) << "never reached with it";
}

TEST_F(delivery_machine_health_test, what_the_old_url_rejects_or_fails_at_says_nothing_of_the_new_one) {
    for (const int status : {400, 500}) {
        running.clear();
        delivery_rules rules;
        rules.target = "one";
        rules.health.reject_guard = 4;
        begin(rules);
        for (sequence number = 1; number <= 4; ++number)
            commit("user " + std::to_string(number), number, number);
        ASSERT_EQ(running.size(), 4u);
        answer(status);
        rules.target = "two";
        resume(rules_changed{rules});
        for (int each = 0; each < 3; ++each) {
            const start_attempt begun_before = running.front();
            running.erase(running.begin());
            resume(attempt_ended{begun_before.place, {status, "why"}});
            EXPECT_FALSE(machine->upstream_failed());
        }
        commit("another", 5, 5);
        answer(status);
        EXPECT_EQ(state(), "up") << status;
    }
}

TEST_F(delivery_machine_health_test, a_probe_takes_another_lane_than_the_one_that_was_tried_last) {
    begin();
    commit("ada", 1, 1);
    answer(401);
    commit("bob", 2, 2);
    resume(probe_asked{});
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running[0]), 2u);
    answer(401);
    resume(probe_asked{});
    EXPECT_EQ(number_of(running[0]), 1u) << "in turn";
}

TEST_F(delivery_machine_health_test, a_changed_key_is_tried_at_once) {
    delivery_rules rules;
    rules.target = "one";
    begin(rules);
    commit("ada", 1, 1);
    answer(401);
    rules.target = "two";
    resume(rules_changed{rules});
    ASSERT_EQ(running.size(), 1u);
    answer(200);
    EXPECT_EQ(state(), "up");
}

TEST_F(delivery_machine_health_test, a_hold_holds_everybody_and_counts_for_nobody) {
    begin();
    commit("ada", 1, 1);
    const auto settled = only<settle_event>(answer_after(429, seconds{7})).at(0).what;
    EXPECT_EQ(settled.what, settlement::kind::failed);
    EXPECT_EQ(settled.history.attempts, 0u);
    EXPECT_EQ(settled.history.next_at, clock.now().wall + seconds{7});
    auto& held = commit("bob", 2, 2);
    EXPECT_TRUE(running.empty());
    EXPECT_TRUE(only<wake_at>(held).empty()) << "the one for the end of the hold is armed";
    wait_for(seconds{6});
    EXPECT_TRUE(running.empty());
    wait_for(seconds{1});
    ASSERT_EQ(running.size(), 1u) << "a slow start";
    answer(200);
    wait_for(milliseconds{1});
    EXPECT_EQ(running.size(), 1u);
}

TEST_F(delivery_machine_health_test, a_hold_ends_with_its_key_for_the_event_that_met_it_too) {
    delivery_rules rules;
    rules.target = "one key";
    begin(rules);
    commit("ada", 1, 1);
    answer_after(429, seconds{3600});
    rules.target = "another key";
    resume(rules_changed{rules});
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running[0]), 1u);
}

TEST_F(delivery_machine_health_test, what_was_sent_with_another_key_neither_holds_nor_pauses_this_one) {
    for (const int status : {401, 402, 403, 404, 405, 407, 302, 429, 503}) {
        delivery_rules rules;
        rules.target = "one key for " + std::to_string(status);
        upstream_memory left;
        left.reached_with = "another key";
        begin(rules, left);
        commit("ada", 1, 1);
        ASSERT_EQ(running.size(), 1u);
        rules.target = "another key";
        resume(rules_changed{rules});
        auto& actions = answer_after(status, seconds{3600});
        EXPECT_TRUE(only<settle_event>(actions).empty()) << "it is not about this event " << status;
        EXPECT_EQ(state(), "up") << status;
        EXPECT_EQ(running.size(), 1u) << "goes again at once " << status;
        running.clear();
    }
}

TEST_F(delivery_machine_health_test, while_open_the_heads_of_the_lanes_are_probed_in_turn) {
    begin();
    for (sequence number = 1; number <= 5; ++number) {
        commit("user " + std::to_string(number), number, number);
        answer(500);
    }
    EXPECT_EQ(state(), "open");
    commit("new", 6, 6);
    EXPECT_TRUE(running.empty());
    wait_for(seconds{1});
    ASSERT_EQ(running.size(), 1u);
    const auto first = number_of(running[0]);
    answer(500);
    wait_for(seconds{2});
    ASSERT_EQ(running.size(), 1u);
    EXPECT_NE(number_of(running[0]), first);
    answer(200);
    EXPECT_EQ(state(), "up");
}

TEST_F(delivery_machine_health_test, an_attempt_while_open_counts) {
    begin();
    commit("ada", 1, 1);
    for (std::uint32_t attempt = 1; attempt < 10; ++attempt) {
        EXPECT_EQ(only<settle_event>(answer(503)).at(0).what.history.attempts, attempt);
        wait_for_retry();
    }
}

TEST_F(delivery_machine_health_test, a_pause_by_hand_is_remembered_and_resumed) {
    begin();
    commit("ada", 1, 2);
    auto& paused = resume(pause_asked{});
    ASSERT_EQ(only<remember_upstream>(paused).size(), 1u);
    EXPECT_EQ(only<remember_upstream>(paused)[0].what.paused, upstream_memory::pause::by_hand);
    EXPECT_EQ(only<report_upstream>(paused).at(0).now.state, "paused");
    answer(200);
    EXPECT_TRUE(running.empty());
    EXPECT_EQ(only<remember_upstream>(resume(pause_asked{})).size(), 1u) << "whoever asks again is answered, too";
    auto& resumed = resume(resume_asked{});
    EXPECT_EQ(only<remember_upstream>(resumed).at(0).what.paused, upstream_memory::pause::none);
    EXPECT_EQ(running.size(), 1u);
}

TEST_F(delivery_machine_health_test, a_pause_of_the_run_before_goes_on) {
    begin({}, {.paused = upstream_memory::pause::by_hand, .paused_at = clock.now().wall});
    commit("ada", 1, 1);
    EXPECT_TRUE(running.empty());
    resume(resume_asked{});
    EXPECT_EQ(running.size(), 1u);
}

TEST_F(delivery_machine_health_test, everything_rejected_pauses_after_twenty_and_kills_no_more) {
    begin();
    for (sequence number = 1; number <= 25; ++number)
        commit("user " + std::to_string(number), number, number);
    std::size_t dead = 0;
    while (!running.empty()) {
        for (const auto& settled : only<settle_event>(answer(422)))
            dead += settled.what.what == settlement::kind::dead ? 1 : 0;
    }
    EXPECT_EQ(dead, 20u);
    EXPECT_EQ(state(), "paused");
    resume(resume_asked{});
    for (int left = 0; left < 100 && !running.empty(); ++left) {
        for (const auto& settled : only<settle_event>(answer(422)))
            dead += settled.what.what == settlement::kind::dead ? 1 : 0;
    }
    EXPECT_EQ(dead, 25u) << "the guard does not stop a person again";
}

TEST_F(delivery_machine_health_test, the_rate_limit_spreads_what_is_sent) {
    delivery_rules rules;
    rules.health.rate_limit = 10;
    begin(rules);
    for (sequence number = 1; number <= 3; ++number)
        commit("user " + std::to_string(number), number, number);
    ASSERT_EQ(running.size(), 1u);
    wait_for(milliseconds{99});
    EXPECT_EQ(running.size(), 1u);
    wait_for(milliseconds{1});
    EXPECT_EQ(running.size(), 2u);
}

TEST_F(delivery_machine_health_test, a_change_of_state_is_told_once) {
    begin();
    commit("ada", 1, 1);
    EXPECT_EQ(only<report_upstream>(answer(401)).size(), 1u);
    EXPECT_TRUE(only<report_upstream>(commit("bob", 2, 2)).empty());
    clock.advance(minutes{5});
    resume(time_came{});
    EXPECT_TRUE(only<report_upstream>(answer(401)).empty()) << "not for each probe";
    clock.advance(minutes{5});
    resume(time_came{});
    EXPECT_EQ(only<report_upstream>(answer(200)).at(0).now.state, "up");
}

TEST_F(delivery_machine_health_test, a_pause_is_told_once_whatever_its_probes_are_answered) {
    begin();
    commit("ada", 1, 1);
    EXPECT_EQ(only<report_upstream>(answer(401)).size(), 1u);
    for (const int status : {429, 401, 503, 429}) {
        wait_for(minutes{5});
        ASSERT_EQ(running.size(), 1u);
        EXPECT_TRUE(only<report_upstream>(answer(status)).empty()) << status;
    }
    auto& resumed = resume(resume_asked{});
    ASSERT_EQ(only<report_upstream>(resumed).size(), 1u);
    EXPECT_EQ(only<report_upstream>(resumed)[0].now.state, "held");
}

}  // namespace
}  // namespace posthaste
