// The machine and what an earlier run parked: the lanes it finds, the mark it starts at and the marks it sets.

#include "tests/unit/delivery/delivery_machine_fixture.hpp"

namespace posthaste {
namespace {

using testing::event_of;
using testing::only;

class delivery_machine_restart_test : public testing::delivery_machine_fixture {
  protected:
    void use(delivery_rules rules = {}) {
        machine.emplace(rules, [] { return std::uint64_t{0}; });
    }

    static page_arrived page_of(const std::string& user, sequence first, sequence last) {
        page read{.events = {}, .damaged = {}, .last = last, .reached_end = true};
        for (sequence number = first; number <= last; ++number)
            read.events.push_back(event_of(user, number));
        return {std::move(read)};
    }

    static delivery_rules small() {
        delivery_rules rules;
        rules.mark_interval = 10;
        rules.window = {.events = 100, .bytes = 100'000, .lane_events = 4, .lane_fetches = 2};
        return rules;
    }
};

TEST_F(delivery_machine_restart_test, lanes_are_found_before_the_cursor_starts_at_the_mark) {
    use();
    const auto first = only<fetch_parked_lanes>(resume(delivery_started{}));
    ASSERT_EQ(first.size(), 1u);
    EXPECT_FALSE(first[0].what.after);

    EXPECT_TRUE(commit("ada", 1001, 1001).empty()) << "comes after whatever is not found yet";
    auto& some = resume(parked_lanes_arrived{{.user_ids = {"ada"}, .last = "bob", .mark = 1000, .reached_end = false}});
    EXPECT_TRUE(only<fetch_page>(some).empty());
    EXPECT_EQ(only<fetch_parked_lanes>(some).at(0).what.after, "bob");
    const auto lane = only<fetch_lane>(some);
    ASSERT_EQ(lane.size(), 1u) << "what is found can be sent";
    EXPECT_EQ(lane[0].what.user_id, "ada");
    EXPECT_EQ(lane[0].what.below, 1001u);

    auto& all = resume(parked_lanes_arrived{{.user_ids = {"eve"}, .last = "eve", .mark = 1000, .reached_end = true}});
    ASSERT_EQ(only<fetch_page>(all).size(), 1u);
    EXPECT_EQ(only<fetch_page>(all)[0].what.after, 1000u);
    EXPECT_EQ(only<fetch_lane>(all).at(0).what.user_id, "eve");
}

TEST_F(delivery_machine_restart_test, events_beyond_the_mark_wait_behind_the_parked_ones_of_their_lane) {
    use();
    resume(delivery_started{});
    resume(parked_lanes_arrived{{.user_ids = {"ada"}, .last = "ada", .mark = 1000, .reached_end = true}});
    auto& met = resume(page_of("ada", 1001, 1001));
    EXPECT_TRUE(running.empty());
    EXPECT_EQ(only<park_events>(met).at(0).events.size(), 1u);
    lane_page parked{.user_id = "ada", .events = {}, .damaged = {}};
    parked.events.push_back(event_of("ada", 7));
    auto& first = resume(lane_page_arrived{std::move(parked)});
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(number_of(running[0]), 7u);
    EXPECT_EQ(only<fetch_lane>(first).at(0).what.after, 7u) << "1001 is read back";
    EXPECT_EQ(only<unpark_events>(answer(200)).at(0).events.at(0).number, 7u);
}

TEST_F(delivery_machine_restart_test, no_mark_is_set_where_nothing_is_parked) {
    begin(small());
    for (sequence number = 1; number <= 100; ++number) {
        auto& actions = commit("user " + std::to_string(number), number, number);
        EXPECT_TRUE(only<mark_parked>(actions).empty());
        EXPECT_TRUE(only<park_events>(actions).empty());
        EXPECT_TRUE(only<unpark_events>(answer(200)).empty());
    }
}

TEST_F(delivery_machine_restart_test, a_mark_comes_after_enough_was_passed_and_after_the_window_is_parked) {
    begin(small());
    EXPECT_TRUE(only<mark_parked>(commit("sick", 1, 9)).empty()) << "parked, but too little passed";
    auto& actions = commit("sick", 10, 10);
    const auto marks = only<mark_parked>(actions);
    ASSERT_EQ(marks.size(), 1u);
    EXPECT_EQ(marks[0].through, 10u);
    std::vector<sequence> parked;
    for (const action& each : actions) {
        if (const auto* rows = std::get_if<park_events>(&each))
            for (const auto& row : rows->events)
                parked.push_back(row.number);
        if (std::holds_alternative<mark_parked>(each)) break;
    }
    EXPECT_EQ(parked, (std::vector<sequence>{10, 1, 2, 3, 4}));
    EXPECT_TRUE(only<mark_parked>(commit("sick", 11, 19)).empty()) << "not again at once";
    EXPECT_EQ(only<mark_parked>(commit("sick", 20, 20)).at(0).through, 20u);
}

TEST_F(delivery_machine_restart_test, lanes_that_wait_make_room_for_parked_ones) {
    auto rules = small();
    rules.health.max_concurrency = 3;
    rules.health.failures_that_open = 1000;
    rules.window.events = 8;
    use(rules);
    resume(delivery_started{});
    resume(parked_lanes_arrived{{.user_ids = {"a", "b"}, .last = "b", .mark = 30, .reached_end = false}});
    for (const char* user : {"a", "b"}) {
        lane_page read{.user_id = user, .events = {}, .damaged = {}, .more = true};
        const sequence first = user[0] == 'a' ? 1 : 11;
        for (sequence number = first; number < first + 4; ++number)
            read.events.push_back(event_of(user, number));
        resume(lane_page_arrived{std::move(read)});
    }
    EXPECT_EQ(machine->window().size(), 8u);
    EXPECT_EQ(running.size(), 2u);
    auto& full = resume(parked_lanes_arrived{{.user_ids = {"c"}, .last = "c", .mark = 30, .reached_end = false}});
    EXPECT_TRUE(only<fetch_lane>(full).empty());
    auto& idle = answer(500);
    const auto lane = only<fetch_lane>(idle);
    ASSERT_FALSE(lane.empty());
    EXPECT_EQ(lane[0].what.user_id, "c");
}

}  // namespace
}  // namespace posthaste
