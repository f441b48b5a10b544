// Each user's events arrive in the order they were acknowledged, and users never wait for each other.

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

std::vector<int> numbers_of(upstream_process& upstream, const std::string& user) {
    std::vector<int> numbers;
    for (const recorded_request& request : upstream.requests()) {
        const auto event = load_event_of(request.body);
        if (event && event->user == user) numbers.push_back(event->number);
    }
    return numbers;
}

std::vector<int> up_to(int last) {
    std::vector<int> numbers;
    for (int n = 1; n <= last; ++n)
        numbers.push_back(n);
    return numbers;
}

}  // namespace

TEST(order, a_backlog_of_many_users_arrives_in_order_for_each) {
    upstream_process upstream;
    daemon_under_test daemon(upstream.url());
    daemon.start();
    constexpr int events = 100;  // more than a lane's share of the window
    for (int number = 1; number <= events; ++number)
        for (const char* user : {"a", "b", "c"})
            daemon.post(load_body({user, number}));
    upstream.start();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    for (const char* user : {"a", "b", "c"})
        EXPECT_EQ(numbers_of(upstream, user), up_to(events)) << user;
}

TEST(order, a_waiting_head_holds_its_own_lane_and_nobody_else) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("\"userId\": \"blocked\"", {answers(500)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    constexpr int events = 100;
    for (int number = 1; number <= events; ++number)
        daemon.post(load_body({"blocked", number}));
    for (int number = 1; number <= events; ++number)
        daemon.post(load_body({"free", number}));
    EXPECT_TRUE(wait_until([&] { return numbers_of(upstream, "free").size() >= events; })) << daemon.log();
    EXPECT_EQ(numbers_of(upstream, "free"), up_to(events));
    const std::vector<int> tried = numbers_of(upstream, "blocked");
    EXPECT_FALSE(tried.empty());
    for (const int number : tried)
        EXPECT_EQ(number, 1) << "only the head of a lane is ever sent";

    upstream.answer_where("\"userId\": \"blocked\"", {answers(200)});
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    const std::vector<int> all = numbers_of(upstream, "blocked");
    ASSERT_GE(all.size(), static_cast<std::size_t>(events));
    EXPECT_EQ(std::vector<int>(all.end() - events, all.end()), up_to(events));
}

TEST(order, a_slow_answer_for_one_user_delays_no_other) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("\"userId\": \"stuck\"", {does(answer_step::kind::silent)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    daemon.post(load_body({"stuck", 1}));
    daemon.post(load_body({"stuck", 2}));
    const std::string id = daemon.post(load_body({"free", 1}));
    EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.log();
    EXPECT_EQ(numbers_of(upstream, "stuck"), up_to(1)) << "one event of a lane is in flight";
    EXPECT_EQ(daemon.status().at("queue").at("pending"), 2);
    daemon.running().signal(SIGKILL);  // no need to wait for the silent upstream
}

}  // namespace posthaste
