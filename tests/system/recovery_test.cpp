// After an outage, an upstream that serves 200 requests a second gets the whole backlog without having to refuse much
// of it: it is slowly found out how much it takes.

#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/backlog.hpp"

namespace posthaste {
namespace {

void expect_few_refusals(int users, int each, answer_step refusal) {
    const int events = users * each;
    upstream_process upstream;
    upstream.serve_at_most(200, 10, refusal);
    daemon_under_test daemon(upstream.url());
    daemon.start();
    import_backlog(daemon, events_of_users(users, each));
    ASSERT_FALSE(daemon.wait_for_upstream("open").is_null()) << daemon.log();
    upstream.start();
    const auto is_drained = [&] { return daemon.status().at("queue").at("pending") == 0; };
    ASSERT_TRUE(wait_until(is_drained, std::chrono::minutes{10})) << daemon.status() << daemon.log();
    const auto& requests = upstream.requests();
    const auto refused = std::ranges::count_if(requests, [](const auto& request) { return request.status != 200; });
    const auto took = requests.back().at - requests.front().at;
    std::printf("%d events, %zd of them refused with %d, in %.1f s\n", events, refused, refusal.status,
                std::chrono::duration<double>(took).count());
    EXPECT_LT(refused, events / 20);
    for (const auto& [user, numbers] : taken_by_user(upstream))
        EXPECT_EQ(numbers, up_to(each)) << user;
    EXPECT_EQ(daemon.status().at("queue").at("dead"), 0);
}

TEST(slow_recovery, of_an_upstream_that_refuses_with_503_what_is_too_much) {
    expect_few_refusals(200, 15, answers(503));
}

TEST(slow_recovery, of_an_upstream_that_refuses_with_429_what_is_too_much) {
    expect_few_refusals(200, 15, answers(429));
}

}  // namespace
}  // namespace posthaste
