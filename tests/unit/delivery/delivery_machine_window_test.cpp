// The machine and its window: what is paged in, what is parked, and who must not keep whom out.

#include "tests/unit/delivery/delivery_machine_fixture.hpp"

namespace posthaste {
namespace {

using testing::event_of;
using testing::only;

class delivery_machine_window_test : public testing::delivery_machine_fixture {};

TEST_F(delivery_machine_window_test, a_hint_that_does_not_follow_the_cursor_is_left_to_a_page) {
    begin();
    auto& actions = commit("ada", 3, 4);
    EXPECT_TRUE(running.empty());
    const auto fetched = only<fetch_page>(actions);
    ASSERT_EQ(fetched.size(), 1u);
    EXPECT_EQ(fetched[0].what.after, 0u);

    // Committed while the page was under way: the page does not hold it, and the machine remembers that.
    EXPECT_TRUE(commit("ada", 5, 5).empty());
    page read{.events = {}, .damaged = {}, .last = 4, .reached_end = true};
    read.events.push_back(event_of("ada", 3));
    read.events.push_back(event_of("ada", 4));
    auto& then = resume(page_arrived{std::move(read)});
    EXPECT_EQ(number_of(running.at(0)), 3u);
    EXPECT_EQ(only<fetch_page>(then).at(0).what.after, 4u);
}

TEST_F(delivery_machine_window_test, what_finds_no_room_is_paged_in_later) {
    delivery_rules rules;
    rules.window.events = 3;
    rules.health.max_concurrency = 1;
    begin(rules);
    events_committed committed;
    for (sequence number = 1; number <= 5; ++number)
        committed.events.push_back(event_of("user " + std::to_string(number), number));
    EXPECT_TRUE(only<fetch_page>(resume(std::move(committed))).empty()) << "the window is full";
    EXPECT_TRUE(machine->more_on_disk());
    EXPECT_TRUE(only<fetch_page>(answer(200)).empty()) << "there is work enough";
    EXPECT_TRUE(only<fetch_page>(answer(200)).size() == 1) << "the last ready lane is in flight";
}

TEST_F(delivery_machine_window_test, what_finds_no_room_in_bytes_is_not_read_again_and_again) {
    delivery_rules rules;
    rules.window.bytes = 1000;
    begin(rules);
    events_committed committed;
    committed.events.push_back(event_of("ada", 1, 600));
    committed.events.push_back(event_of("bob", 2, 600));
    EXPECT_TRUE(only<fetch_page>(resume(std::move(committed))).empty()) << "bob's is too large for what is left";
    ASSERT_EQ(running.size(), 1u);
    EXPECT_TRUE(machine->more_on_disk());
    const auto fetched = only<fetch_page>(answer(200));
    ASSERT_EQ(fetched.size(), 1u) << "there is room now";
    page read{.events = {}, .damaged = {}, .last = 2, .reached_end = true};
    read.events.push_back(event_of("bob", 2, 600));
    resume(page_arrived{std::move(read)});
    EXPECT_EQ(number_of(running.at(0)), 2u);
}

TEST_F(delivery_machine_window_test, large_bodies_of_a_busy_lane_keep_nobody_out) {
    delivery_rules rules;
    rules.window.bytes = 1000;
    begin(rules);
    events_committed committed;
    committed.events.push_back(event_of("ada", 1, 600));
    committed.events.push_back(event_of("ada", 2, 600));
    committed.events.push_back(event_of("bob", 3, 100));
    auto& actions = resume(std::move(committed));
    // The lane has its turn, and can start nothing more when its second is read again.
    ASSERT_EQ(only<fetch_page>(actions).size(), 1u);
    page read{.events = {}, .damaged = {}, .last = 3, .reached_end = true};
    read.events.push_back(event_of("ada", 2, 600));
    read.events.push_back(event_of("bob", 3, 100));
    resume(page_arrived{std::move(read)});
    ASSERT_EQ(running.size(), 2u);
    EXPECT_EQ(number_of(running.at(1)), 3u);
}

TEST_F(delivery_machine_window_test, damaged_events_behind_one_without_room_are_buried_once) {
    delivery_rules rules;
    rules.window.events = 2;
    rules.health.max_concurrency = 1;
    begin(rules);
    commit("ada", 9, 9);
    const auto page_of = [](std::initializer_list<sequence> numbers) {
        page read{.events = {}, .damaged = {4}, .last = 4, .reached_end = true};
        for (const sequence number : numbers)
            read.events.push_back(event_of("user " + std::to_string(number), number));
        return page_arrived{std::move(read)};
    };
    auto& actions = resume(page_of({1, 2, 3}));
    EXPECT_TRUE(only<settle_event>(actions).empty()) << "4 will be met again, behind 3";
    const auto fetched = only<fetch_page>(answer(200));
    ASSERT_EQ(fetched.size(), 1u);
    EXPECT_EQ(fetched[0].what.after, 2u);
    EXPECT_EQ(only<settle_event>(resume(page_of({3}))).size(), 1u);
}

TEST_F(delivery_machine_window_test, one_blocked_lane_never_blocks_another) {
    delivery_rules rules;
    rules.window = {.events = 30, .bytes = 10'000, .lane_events = 4, .lane_fetches = 2};
    begin(rules);
    commit("sick", 1, 500);
    answer(503);
    for (sequence number = 501; number <= 600; ++number) {
        commit("well", number, number);
        ASSERT_EQ(running.size(), 1u);
        EXPECT_EQ(number_of(running.at(0)), number);
        answer(200);
    }
    EXPECT_LE(machine->window().size(), 4u);
}

TEST_F(delivery_machine_window_test, a_window_full_of_blocked_lanes_makes_room_for_others) {
    delivery_rules rules;
    rules.health.max_concurrency = 2;
    rules.health.failures_that_open = 1000;
    rules.window = {.events = 8, .bytes = 10'000, .lane_events = 4, .lane_fetches = 2};
    begin(rules);
    commit("sick", 1, 4);
    commit("ill", 5, 8);
    auto& full = commit("well", 9, 9);
    EXPECT_TRUE(only<park_events>(full).empty()) << "both attempts are running";
    auto& idle = answer(500);
    ASSERT_EQ(only<park_events>(idle).size(), 1u);
    EXPECT_EQ(only<park_events>(idle)[0].events.size(), 3u);
    ASSERT_EQ(only<fetch_page>(idle).size(), 1u);
    page read{.events = {}, .damaged = {}, .last = 9, .reached_end = true};
    read.events.push_back(event_of("well", 9));
    resume(page_arrived{std::move(read)});
    EXPECT_EQ(number_of(running.back()), 9u);
}

TEST_F(delivery_machine_window_test, the_cursor_stands_still_while_the_upstream_is_not_up) {
    delivery_rules rules;
    rules.health.max_concurrency = 3;
    rules.window.lane_events = 2;
    begin(rules);
    for (sequence number = 1; number <= 5; ++number) {
        commit("user " + std::to_string(number), number, number);
        answer(500);
    }
    auto& unheard = commit("user 1", 6, 16);
    EXPECT_TRUE(only<park_events>(unheard).empty());
    EXPECT_TRUE(only<fetch_page>(unheard).empty());
    EXPECT_TRUE(machine->more_on_disk());

    clock.advance(std::chrono::minutes{5});
    resume(time_came{});
    ASSERT_EQ(running.size(), 1u);
    auto& up = answer(200);
    ASSERT_EQ(only<fetch_page>(up).size(), 1u);
    EXPECT_EQ(only<fetch_page>(up)[0].what.after, 5u);
}

TEST_F(delivery_machine_window_test, with_too_few_lanes_to_probe_the_cursor_goes_on) {
    delivery_rules rules;
    rules.health.max_concurrency = 3;
    begin(rules);
    commit("sick", 1, 1);
    for (int again = 0; again < 5; ++again) {
        answer(500);
        wait_for_retry();
    }
    commit("well", 2, 2);
    answer(500);
    wait_for_retry();
    EXPECT_EQ(number_of(running[0]), 2u) << "the head of the other lane is the next probe";
}

TEST_F(delivery_machine_window_test, lanes_that_fail_at_every_probe_do_not_keep_out_another) {
    delivery_rules rules;
    rules.health.max_concurrency = 1;
    begin(rules);
    commit("sick", 1, 1);
    for (int again = 0; again < 5; ++again) {
        answer(500);
        if (again < 4) wait_for_retry();
    }
    EXPECT_TRUE(only<fetch_page>(commit("well", 2, 2)).empty()) << "there is a lane to probe with";
    clock.advance(std::chrono::minutes{5});
    auto& probing = resume(time_came{});
    ASSERT_EQ(only<start_attempt>(probing).size(), 1u);
    EXPECT_EQ(number_of(running[0]), 1u);
    ASSERT_EQ(only<fetch_page>(probing).size(), 1u);
    resume(page_arrived{{.events = {event_of("well", 2)}, .damaged = {}, .last = 2, .reached_end = true}});
    answer(500);
    wait_for_retry();
    EXPECT_EQ(number_of(running[0]), 2u);
}

TEST_F(delivery_machine_window_test, lanes_that_fill_the_window_and_fail_at_every_probe_do_not_keep_out_another) {
    delivery_rules rules;
    rules.health.max_concurrency = 2;
    rules.window.events = 12;
    rules.window.lane_events = 2;
    begin(rules);
    for (sequence user = 1; user <= 6; ++user)
        commit("sick " + std::to_string(user), 2 * user - 1, 2 * user);
    commit("well", 13, 13);
    while (!running.empty())
        answer(500);
    for (int probe = 0; probe < 6; ++probe) {
        clock.advance(std::chrono::minutes{5});
        resume(time_came{});
        ASSERT_EQ(running.size(), 1u);
        const auto& failed = answer(500);
        if (only<fetch_page>(failed).empty()) continue;
        EXPECT_EQ(only<fetch_page>(failed)[0].what.after, 12u);
        EXPECT_FALSE(only<park_events>(failed).empty()) << "what a sick lane holds beyond its first";
        return;
    }
    ADD_FAILURE() << "nobody else is read";
}

}  // namespace
}  // namespace posthaste
