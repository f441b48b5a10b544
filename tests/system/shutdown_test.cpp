// SIGTERM: requests get their answers, attempts in flight their time, and the process ends with 0.

#include <filesystem>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/upstream_process.hpp"

using testing::HasSubstr;
using testing::Not;

namespace posthaste {

TEST(shutdown, an_idle_daemon_ends_with_0_on_either_signal) {
    daemon_under_test daemon;
    for (const int number : {SIGTERM, SIGINT}) {
        daemon.start();
        daemon.running().signal(number);
        EXPECT_EQ(daemon.running().wait(), 0) << daemon.log();
        EXPECT_FALSE(raw_socket(daemon.port()).connected());
    }
}

TEST(shutdown, closes_idle_connections_and_ends) {
    daemon_under_test daemon;
    daemon.start();
    raw_socket untouched(daemon.port());
    raw_socket half_a_head(daemon.port());
    half_a_head.send("POST /run/event HTTP/1.1\r\nHost: local");
    raw_socket kept(daemon.port());
    kept.send(request_text("GET", "/livez", {}, "", daemon.port()));
    ASSERT_TRUE(kept.read_answer());
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
}

// As many as gather while it sleeps: at the signal some of them are accepted, and others are not.
TEST(shutdown, answers_whoever_was_connected_before_it) {
    daemon_under_test daemon;
    daemon.start();
    daemon.running().signal(SIGSTOP);
    std::vector<raw_socket> connected;
    for (int i = 0; i < 50; ++i) {
        connected.emplace_back(daemon.port());
        ASSERT_TRUE(connected.back().send(request_text("GET", "/livez", {}, "", daemon.port())));
    }
    daemon.running().signal(SIGTERM);
    daemon.running().signal(SIGCONT);
    EXPECT_EQ(daemon.running().wait(), 0) << daemon.log();
    for (std::size_t i = 0; i < connected.size(); ++i)
        EXPECT_TRUE(connected[i].read_answer()) << "of connection " << i;
}

TEST(shutdown, answers_who_waits_for_a_place_among_the_connections) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({does(answer_step::kind::silent)});
    daemon_under_test daemon(upstream.url(), {{"limits", {{"connections", 1}}}});
    daemon.start();
    const auto open_files = [&] {
        const std::filesystem::directory_iterator files("/proc/" + std::to_string(daemon.running().id()) + "/fd");
        return std::distance(begin(files), end(files));
    };
    raw_socket busy(daemon.port());
    ASSERT_TRUE(busy.send(request_text("GET", "/users/ada", {}, "", daemon.port())));
    ASSERT_TRUE(upstream.wait_for_requests(1));
    const auto without_the_other = open_files();
    raw_socket waiting(daemon.port());
    ASSERT_TRUE(waiting.send(request_text("GET", "/livez", {}, "", daemon.port())));
    ASSERT_TRUE(wait_until([&] { return open_files() > without_the_other; }));
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
    EXPECT_TRUE(busy.read_answer());
    EXPECT_TRUE(waiting.read_answer());
}

TEST(shutdown, whatever_was_stored_under_load_was_answered) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::uint16_t port = daemon.port();
    load users(8, 2, [port] { return port; });
    ASSERT_TRUE(wait_until([&] { return users.acknowledged_count() >= 400; }));
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
    users.finish();
    EXPECT_EQ(users.refusals(), std::vector<std::string>{});
    daemon.start();
    EXPECT_EQ(daemon.status().at("totals").at("accepted"), users.acknowledged_count());
    EXPECT_TRUE(daemon.wait_until_drained());
    std::size_t delivered = 0;
    for (const recorded_request& request : upstream.requests())
        delivered += load_event_of(request.body) ? 1 : 0;
    EXPECT_EQ(delivered, users.acknowledged_count()) << "an orderly stop repeats nothing";
}

TEST(shutdown, attempts_in_flight_get_their_time) {
    upstream_process upstream;
    upstream.start();
    answer_step slow;
    slow.after = std::chrono::milliseconds{1500};
    upstream.answer_with({slow});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string id = daemon.post(sample_event());
    const std::string behind = daemon.post(sample_event());
    ASSERT_TRUE(upstream.wait_for_requests(1));
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
    ASSERT_EQ(upstream.requests().size(), 1u) << "no further attempt is begun";
    upstream.answer_with({answers(200)});
    daemon.start();
    EXPECT_EQ(daemon.event(id).at("state"), "delivered") << "its answer was waited for and kept";
    EXPECT_TRUE(daemon.wait_for_state(behind, "delivered"));
    EXPECT_EQ(upstream.requests().size(), 2u);
}

TEST(shutdown, refuses_connections_while_it_waits_for_attempts_and_a_second_signal_ends_it_at_once) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({does(answer_step::kind::silent)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(upstream.wait_for_requests(1));
    daemon.running().signal(SIGTERM);
    EXPECT_TRUE(wait_until([&] { return !raw_socket(daemon.port()).connected(); })) << "the listener is still open";
    EXPECT_FALSE(daemon.running().ended()) << "the attempt's 20 s are not over: " << daemon.log();
    daemon.running().signal(SIGTERM);
    EXPECT_EQ(daemon.running().wait(), 1) << daemon.log();
    EXPECT_THAT(daemon.log(), Not(HasSubstr("got no answer in time"))) << "it waited for the attempt";
    upstream.answer_with({answers(200)});
    daemon.start();
    EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << "nothing acknowledged is lost either way";
}

}  // namespace posthaste
