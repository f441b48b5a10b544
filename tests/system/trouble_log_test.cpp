// What the log of the running daemon says of an upstream's trouble that comes back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"

namespace posthaste {
namespace {

answer_step asks_to_wait(const std::string& seconds) {
    answer_step wait = answers(429);
    wait.headers = {{"Retry-After", seconds}};
    return wait;
}

// Held back for a second, then for good.
class trouble_log : public testing::Test {
  protected:
    void SetUp() override {
        upstream.start();
        upstream.answer_with({asks_to_wait("1"), answers(200), asks_to_wait("3600")});
        daemon.emplace(upstream.url());
        daemon->start();
        ASSERT_TRUE(daemon->wait_for_state(daemon->post(sample_event()), "delivered")) << daemon->log();
        daemon->post(sample_event());
        ASSERT_FALSE(daemon->wait_for_upstream("held").is_null()) << daemon->status() << daemon->log();
    }

    [[nodiscard]] std::size_t holds() const { return count_in(daemon->log(), "delivery is held back: "); }

    upstream_process upstream;
    std::optional<daemon_under_test> daemon;
};

using slow_trouble_log = trouble_log;  // the log waits for a minute

TEST_F(slow_trouble_log, says_what_it_held_back_when_the_minute_is_over) {
    EXPECT_EQ(holds(), 1U) << daemon->log();
    EXPECT_TRUE(wait_until([&] { return holds() == 2; }, std::chrono::seconds{70})) << daemon->log();
}

TEST_F(trouble_log, says_what_it_held_back_when_the_daemon_stops) {
    EXPECT_EQ(holds(), 1U) << daemon->log();
    EXPECT_EQ(daemon->stop(), 0);
    EXPECT_EQ(holds(), 2U) << daemon->log();
}

TEST(trouble, is_no_answer_that_was_said_to_be_about_the_one_event) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(409), answers(501)});
    daemon_under_test daemon(upstream.url(), {{"delivery", {{"statuses", {{"409", "delivered"}, {"501", "dead"}}}}}});
    daemon.start();
    const std::string conflict = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(conflict, "delivered")) << daemon.event(conflict) << daemon.log();
    EXPECT_TRUE(daemon.status().at("upstream").at("lastError").is_null()) << daemon.status();
    EXPECT_GT(daemon.status().at("rates").at("deliveredPerSecond"), 0.0);
    const std::string gone = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(gone, "dead")) << daemon.event(gone) << daemon.log();
    EXPECT_EQ(daemon.status().at("upstream").at("lastError").at("status"), 501);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(count_in(daemon.log(), "retrying"), 0U) << daemon.log();
}

}  // namespace
}  // namespace posthaste
