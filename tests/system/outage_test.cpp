// An upstream that goes away or asks for time: nothing is lost, nothing is sent twice, and it comes back to a trickle
// instead of the whole backlog.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

std::size_t arrived_before(upstream_process& upstream, std::chrono::microseconds when) {
    return static_cast<std::size_t>(
        std::ranges::count_if(upstream.requests(), [when](const auto& request) { return request.at < when; }));
}

TEST(outage, is_survived_under_load_and_ends_with_a_slow_start) {
    upstream_process upstream;
    constexpr milliseconds a_round{200};
    answer_step late = answers(200);
    late.after = a_round;
    upstream.answer_with({late});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    load sent(4, 5, [&] { return daemon.port(); });
    const json failing = daemon.wait_for_upstream("open");
    ASSERT_FALSE(failing.is_null()) << daemon.status() << daemon.log();
    EXPECT_THAT(failing.at("reason").get<std::string>(), StartsWith("unreachable: "));
    EXPECT_TRUE(failing.at("nextProbeAt").is_string());
    ASSERT_TRUE(wait_until([&] { return sent.acknowledged_count() > 200; })) << "accepting goes on";

    upstream.start();
    ASSERT_TRUE(upstream.wait_for_requests(7)) << daemon.log();
    // A probe alone, then one, then two at once, then three at most: each round waits for the answers of the last.
    const auto first = upstream.requests().front().at;
    EXPECT_EQ(arrived_before(upstream, first + a_round), 1U);
    EXPECT_LE(arrived_before(upstream, first + 2 * a_round), 2U);
    EXPECT_LE(arrived_before(upstream, first + 3 * a_round), 4U);

    upstream.answer_with({answers(200)});
    sent.finish();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    EXPECT_THAT(lost(sent, upstream), testing::IsEmpty());
    EXPECT_THAT(repeated(upstream), testing::IsEmpty());
    for (const auto& [user, numbers] : taken_by_user(upstream))
        EXPECT_EQ(numbers, up_to(static_cast<int>(numbers.size()))) << user;
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "up");
    EXPECT_EQ(count_in(daemon.log(), "delivery is failing: unreachable: "), 1U) << daemon.log();
    EXPECT_EQ(count_in(daemon.log(), "the upstream takes events again"), 1U) << daemon.log();
}

TEST(outage, of_so_many_seconds_asked_for_holds_everything_back_and_counts_for_nothing) {
    upstream_process upstream;
    upstream.start();
    answer_step wait = answers(429);
    constexpr int hold_seconds = sanitized ? 12 : 4;
    wait.headers = {{"Retry-After", std::to_string(hold_seconds)}};
    upstream.answer_with({wait, answers(200)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string held = daemon.post(load_body({"user-0", 1}));
    const json upstream_now = daemon.wait_for_upstream("held");
    ASSERT_FALSE(upstream_now.is_null()) << daemon.status() << daemon.log();
    EXPECT_THAT(upstream_now.at("reason").get<std::string>(), StartsWith("asked-to-wait: "));
    for (int user = 1; user <= 10; ++user)
        daemon.post(load_body({"user-" + std::to_string(user), 1}));
    EXPECT_EQ(daemon.event(held).at("attempts"), 0);
    EXPECT_EQ(daemon.event(held).at("lastError").at("status"), 429);

    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    EXPECT_EQ(daemon.event(held).at("attempts"), 1);
    EXPECT_EQ(upstream.requests().size(), 12U);
    const auto asked = upstream.requests().front().at;
    EXPECT_EQ(arrived_before(upstream, asked + std::chrono::seconds{hold_seconds}), 1U);
}

TEST(outage, until_a_date_that_was_asked_for_lets_nothing_through_but_what_was_in_flight) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const auto until =
        std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now() + std::chrono::milliseconds{3500});
    const std::time_t until_time = std::chrono::system_clock::to_time_t(until);
    char date[64];
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&until_time));
    answer_step wait = answers(429);
    wait.headers = {{"Retry-After", date}};
    wait.after = milliseconds{100};  // the others of the first window are on their way by then
    upstream.answer_with({wait, answers(200)});
    load sent(2, 10, [&] { return daemon.port(); });
    ASSERT_FALSE(daemon.wait_for_upstream("held").is_null()) << daemon.status() << daemon.log();
    ASSERT_TRUE(wait_until([&] { return daemon.status().at("upstream").at("inFlight") == 0; })) << daemon.status();
    const std::size_t before = upstream.requests().size();
    sent.finish();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    EXPECT_EQ(arrived_before(upstream, until.time_since_epoch()), before) << "none more before " << date;
    EXPECT_GT(upstream.requests().size(), before);
    EXPECT_THAT(lost(sent, upstream), testing::IsEmpty());
    for (const auto& [event, id] : sent.acknowledged())
        EXPECT_EQ(daemon.event(id).at("attempts"), 1) << event.user;
}

TEST(outage, is_not_said_to_be_over_by_an_answer_that_was_under_way_when_it_began) {
    upstream_process upstream;
    upstream.start();
    answer_step under_way = answers(200);
    under_way.after = milliseconds{500};
    answer_step wait = answers(429);
    wait.headers = {{"Retry-After", "600"}};
    upstream.answer_with({under_way, wait});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    daemon.post(load_body({"user-0", 1}));
    daemon.post(load_body({"user-1", 1}));
    ASSERT_FALSE(daemon.wait_for_upstream("held").is_null()) << daemon.status() << daemon.log();
    ASSERT_TRUE(wait_until([&] { return daemon.status().at("totals").at("delivered") == 1; })) << daemon.status();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(count_in(daemon.log(), "delivery is held back: "), 1U) << daemon.log();
    EXPECT_EQ(count_in(daemon.log(), "the upstream takes events again"), 0U) << daemon.log();
}

TEST(outage, of_one_event_alone_does_not_keep_the_upstream_closed) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(500)});
    upstream.answer_where("\"userId\": \"poisoned\"", {answers(500)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string poisoned = daemon.post(load_body({"poisoned", 1}));
    // Alone it leads to the opening, and is what is probed with.
    ASSERT_FALSE(daemon.wait_for_upstream("open").is_null()) << daemon.status() << daemon.log();
    std::vector<std::string> others;
    for (int user = 1; user <= 5; ++user)
        others.push_back(daemon.post(load_body({"user-" + std::to_string(user), 1})));
    upstream.answer_with({answers(200)});
    for (const std::string& id : others)
        EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    EXPECT_EQ(daemon.event(poisoned).at("state"), "pending");
    upstream.answer_where("\"userId\": \"poisoned\"", {answers(200)});
    EXPECT_TRUE(daemon.wait_for_state(poisoned, "delivered")) << daemon.event(poisoned) << daemon.log();
}

TEST(outage, does_not_shorten_a_wait_over_a_restart) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(500), answers(200)});
    daemon_under_test daemon(upstream.url(), {{"delivery", {{"retry", {{"initial", "4s"}, {"max", "4s"}}}}}});
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(wait_until([&] { return daemon.event(id).at("attempts") == 1; })) << daemon.log();
    daemon.kill9();
    daemon.start();
    daemon.restart();
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    EXPECT_EQ(daemon.event(id).at("attempts"), 2);
    ASSERT_EQ(upstream.requests().size(), 2U);
    // The wait is from half of four seconds to four seconds.
    EXPECT_GE(upstream.requests()[1].at - upstream.requests()[0].at, std::chrono::seconds{2});
    EXPECT_EQ(upstream.requests()[1].field("X-Retry-Count"), "1");
}

// 64 of a user's events are at hand at most, the others stay on the disk.
TEST(outage, never_calls_what_is_at_hand_all_that_waits) {
    daemon_under_test daemon;
    daemon.start();
    for (int number = 1; number <= 70; ++number)
        daemon.post(load_body({"user-0", number}));
    daemon.restart();
    ASSERT_TRUE(wait_until([&] { return daemon.log().find("wait; retrying") != std::string::npos; })) << daemon.log();
    EXPECT_THAT(daemon.log(), testing::ContainsRegex("more than [0-9]+ events wait; retrying"));
}

}  // namespace
}  // namespace posthaste
