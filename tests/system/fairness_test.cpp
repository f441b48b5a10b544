// Who waits for whom: nobody for another user, however sick or busy that one is; and what the settings of delivery
// change in it.

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/backlog.hpp"

namespace posthaste {
namespace {

TEST(fairness, one_sick_user_among_a_hundred_stops_no_other) {
    constexpr int users = 100;
    constexpr int each = 10;
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("\"userId\": \"user-50\"", {answers(500)});
    daemon_under_test daemon(upstream.url(), {{"delivery", {{"retry", {{"initial", "1h"}, {"max", "1h"}}}}}});
    daemon.start();
    import_backlog(daemon, events_of_users(users, each));
    const auto pending = [&] { return daemon.status().at("queue").at("pending"); };
    ASSERT_TRUE(wait_until([&] { return pending() == each; })) << daemon.status() << daemon.log();
    auto taken = taken_by_user(upstream);
    EXPECT_EQ(taken.size(), static_cast<std::size_t>(users) - 1);
    EXPECT_FALSE(taken.contains("user-50"));

    upstream.answer_where("\"userId\": \"user-50\"", {answers(200)});
    daemon.configure({{"delivery", {{"retry", {{"initial", "20ms"}, {"max", "200ms"}}}}}});
    daemon.restart();  // no wait is longer than the longest
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    for (const auto& [user, numbers] : taken_by_user(upstream))
        EXPECT_EQ(numbers, up_to(each)) << user;
    EXPECT_EQ(daemon.status().at("queue").at("dead"), 0);
}

TEST(fairness, a_flood_of_one_user_does_not_delay_another) {
    constexpr int flood = 40'000;  // twice what the window of pending events holds
    upstream_process upstream;
    answer_step late = answers(200);
    late.after = std::chrono::milliseconds{2};
    upstream.answer_with({late});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    import_backlog(daemon, events_of_users(1, flood));
    upstream.start();
    ASSERT_TRUE(wait_until([&] { return daemon.status().at("queue").at("pending") < flood; })) << daemon.log();
    const std::string id = daemon.post(load_body({"single", 1}));
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    EXPECT_GT(daemon.status().at("queue").at("pending"), flood / 2);
    daemon.kill9();  // the rest of the flood says nothing more
    auto taken = taken_by_user(upstream);
    ASSERT_FALSE(taken["user-1"].empty());
    EXPECT_EQ(taken["user-1"], up_to(taken["user-1"].back()));
}

TEST(fairness, without_an_order_an_event_passes_one_of_its_own_user_that_waits) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("\"description\": \"#1\"", {answers(500)});
    daemon_under_test daemon(upstream.url(), {{"delivery", {{"ordering", "none"}}}});
    daemon.start();
    std::vector<std::string> ids;
    for (int number = 1; number <= 5; ++number)
        ids.push_back(daemon.post(load_body({"ada", number})));
    for (std::size_t later = 1; later < ids.size(); ++later)
        EXPECT_TRUE(daemon.wait_for_state(ids[later], "delivered")) << daemon.event(ids[later]) << daemon.log();
    EXPECT_EQ(daemon.event(ids[0]).at("state"), "pending");
    upstream.answer_where("\"description\": \"#1\"", {answers(200)});
    EXPECT_TRUE(daemon.wait_for_state(ids[0], "delivered")) << daemon.event(ids[0]) << daemon.log();
}

TEST(fairness, a_rate_limit_is_kept_in_every_second) {
    constexpr std::size_t a_second = 50;
    constexpr int events = 150;
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"rate_limit", a_second}}}});
    daemon.start();
    import_backlog(daemon, events_of_users(events, 1));
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    const auto& requests = upstream.requests();
    ASSERT_EQ(requests.size(), static_cast<std::size_t>(events));
    std::vector<std::chrono::microseconds> times;
    for (const recorded_request& request : requests)
        times.push_back(request.at);
    std::ranges::sort(times);
    // Half as many again: on a busy machine what was sent in time may be read together.
    for (std::size_t first = 0; first + a_second * 3 / 2 < times.size(); ++first)
        EXPECT_GE(times[first + a_second * 3 / 2] - times[first], std::chrono::seconds{1}) << first;
}

TEST(fairness, what_an_answer_means_can_be_said_otherwise) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("\"userId\": \"conflict\"", {answers(409)});
    upstream.answer_where("\"userId\": \"locked\"", {answers(423, 2), answers(200)});
    upstream.answer_where("\"userId\": \"gone\"", {answers(501)});
    daemon_under_test daemon(upstream.url(),
                             {{"delivery", {{"statuses", {{"409", "delivered"}, {"423", "retry"}, {"501", "dead"}}}}}});
    daemon.start();
    const std::string conflict = daemon.post(load_body({"conflict", 1}));
    const std::string locked = daemon.post(load_body({"locked", 1}));
    const std::string gone = daemon.post(load_body({"gone", 1}));
    EXPECT_TRUE(daemon.wait_for_state(conflict, "delivered")) << daemon.event(conflict) << daemon.log();
    EXPECT_EQ(daemon.event(conflict).at("attempts"), 1);
    EXPECT_TRUE(daemon.wait_for_state(locked, "delivered")) << daemon.event(locked) << daemon.log();
    EXPECT_EQ(daemon.event(locked).at("attempts"), 3);
    EXPECT_TRUE(daemon.wait_for_state(gone, "dead")) << daemon.event(gone) << daemon.log();
    EXPECT_EQ(daemon.event(gone).at("attempts"), 1);
}

}  // namespace
}  // namespace posthaste
