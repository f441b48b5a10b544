// Prefer: wait: the answer is held until the event settles, and given up in time for everything else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct prefer_wait : testing::Test {
    prefer_wait() { upstream.start(); }

    static http_headers waiting(int seconds) {
        return {{"Content-Type", "application/json"}, {"Prefer", "wait=" + std::to_string(seconds)}};
    }
    [[nodiscard]] std::optional<http_answer> post(int seconds, const std::string& user = "u") const {
        return http_call(daemon.port(), "POST", "/run/event", waiting(seconds), sample_event(user));
    }
    // Sends the post and does not wait for its answer.
    [[nodiscard]] raw_socket begin(int seconds, const std::string& user) const {
        raw_socket connection(daemon.port());
        connection.send(request_text("POST", "/run/event", waiting(seconds), sample_event(user), daemon.port()));
        return connection;
    }
    static void expect_queued(const std::optional<http_answer>& answer) {
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 202) << answer->body;
        EXPECT_EQ(answer->json().value("message", ""), "Event queued");
        EXPECT_EQ(answer->header("preference-applied"), "");
        EXPECT_EQ(answer->header("location"), "/v1/events/" + answer->json().value("id", ""));
    }
    [[nodiscard]] json event_at(const http_answer& answer) const {
        return daemon.event(answer.header("location").substr(std::string("/v1/events/").size()));
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
};

TEST_F(prefer_wait, gives_the_upstreams_own_answer_once_the_event_is_delivered_durably) {
    upstream.answer_with(
        {says("HTTP/1.1 201 Created\r\nContent-Type: text/plain; charset=utf-8\r\n"
              "Content-Length: 5\r\n\r\nfine\n")});
    daemon.start();
    for (int n = 0; n < 50; ++n) {
        const auto answer = post(30, "u" + std::to_string(n));
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->status, 201) << answer->body;
        EXPECT_EQ(answer->body, "fine\n");
        EXPECT_EQ(answer->header("content-type"), "text/plain; charset=utf-8");
        EXPECT_EQ(answer->header("preference-applied"), "wait=30");
        EXPECT_EQ(event_at(*answer).value("state", ""), "delivered");
    }
}

TEST_F(prefer_wait, tells_of_nothing_that_a_kill_could_undo) {
    daemon.start();
    for (int round = 0; round < 10; ++round) {
        const auto answer = post(30, "u");
        daemon.kill9();
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->status, 200);
        daemon.start();
        EXPECT_EQ(event_at(*answer).value("state", ""), "delivered");
    }
    EXPECT_EQ(upstream.requests().size(), 10U);
}

TEST_F(prefer_wait, takes_more_than_a_minute_for_a_minute) {
    daemon.start();
    const auto answer = post(3600);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header("preference-applied"), "wait=60");
}

TEST_F(prefer_wait, passes_on_an_answer_without_a_body) {
    upstream.answer_with({says("HTTP/1.1 204 No Content\r\n\r\n")});
    daemon.start();
    raw_socket connection = begin(30, "u");
    const auto answer = connection.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 204);
    EXPECT_EQ(answer->header("content-length"), "");
    EXPECT_EQ(answer->header("content-type"), "");
    connection.send(request_text("GET", "/livez", {}, "", daemon.port()));
    EXPECT_EQ(connection.read_answer().value().body, R"({"status":"ok"})");
}

TEST_F(prefer_wait, tells_that_an_answer_is_too_long_to_be_passed_on) {
    upstream.answer_with({says("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + std::string(70000, 'x'))});
    daemon.start();
    const auto answer = post(30);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->json().value("state", ""), "delivered");
}

TEST_F(prefer_wait, hides_the_key_in_what_it_passes_on) {
    answer_step quoting;
    quoting.body = R"({"you sent": "Bearer )" + std::string(daemon_under_test::api_key) + "\"}";
    upstream.answer_with({quoting});
    daemon.start();
    const auto answer = post(30);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->json().value("you sent", ""), "Bearer [the API key]");
}

TEST_F(prefer_wait, tells_why_an_event_died) {
    upstream.answer_with({answers(503), answers(400)});
    daemon.start();
    const auto answer = post(30);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 502);
    const json problem = answer->json();
    EXPECT_EQ(problem.value("type", ""), "urn:posthaste:problem:delivery-failed");
    EXPECT_EQ(problem.value("upstreamStatus", 0), 400);
    EXPECT_EQ(problem.value("upstreamMessage", ""), "the test says 400");
    EXPECT_THAT(problem.value("message", ""), HasSubstr("it answered 400, the test says 400"));
    EXPECT_EQ(event_at(*answer).value("state", ""), "dead");
}

TEST_F(prefer_wait, ends_with_the_ordinary_answer_when_its_time_is_over) {
    upstream.answer_with({does(answer_step::kind::silent, 1), answers(200)});
    daemon.configure({{"upstream", {{"response_timeout", "4s"}}}});
    daemon.start();
    const auto answer = post(1);
    expect_queued(answer);
    EXPECT_TRUE(daemon.wait_for_state(answer->json().value("id", ""), "delivered"));
}

TEST_F(prefer_wait, delivers_whatever_the_client_does) {
    answer_step late;
    late.after = std::chrono::milliseconds{300};
    upstream.answer_with({late});
    daemon.start();
    begin(30, "gone").close();
    begin(30, "reset").reset();
    ASSERT_TRUE(upstream.wait_for_requests(2));
    EXPECT_TRUE(daemon.wait_until_drained());
    EXPECT_EQ(daemon.status().at("totals").at("delivered"), 2);
}

TEST_F(prefer_wait, is_not_asked_of_anybody_while_the_upstream_is_not_up) {
    upstream.answer_with({does(answer_step::kind::silent)});
    daemon.start();
    raw_socket held = begin(60, "first");
    ASSERT_TRUE(upstream.wait_for_requests(1));
    ASSERT_EQ(http_call(daemon.port(), "POST", "/v1/pause").value().status, 200);
    expect_queued(held.read_answer());
    expect_queued(post(60, "second"));
    daemon.kill9();
}

TEST_F(prefer_wait, is_for_half_of_the_connections_at_most) {
    upstream.answer_with({does(answer_step::kind::silent)});
    daemon.configure({{"limits", {{"connections", 8}}}});
    daemon.start();
    std::vector<raw_socket> held;
    for (int user = 0; user < 4; ++user)
        held.push_back(begin(60, "u" + std::to_string(user)));
    ASSERT_TRUE(upstream.wait_for_requests(4));
    expect_queued(post(60, "one too many"));
    ASSERT_EQ(http_call(daemon.port(), "POST", "/v1/pause").value().status, 200);
    for (raw_socket& each : held)
        expect_queued(each.read_answer());
    daemon.kill9();
}

TEST_F(prefer_wait, ends_when_the_daemon_stops) {
    answer_step late;
    late.after = std::chrono::seconds{2};
    upstream.answer_with({late});
    daemon.start();
    raw_socket held = begin(60, "u");
    ASSERT_TRUE(upstream.wait_for_requests(1));
    EXPECT_EQ(daemon.stop(), 0);
    expect_queued(held.read_answer());
    EXPECT_TRUE(held.closed_by_peer());
}

TEST_F(prefer_wait, does_not_hold_the_answer_to_a_repeated_request) {
    daemon.start();
    http_headers headers = waiting(30);
    headers.emplace_back("Idempotency-Key", "k");
    const auto first = http_call(daemon.port(), "POST", "/run/event", headers, sample_event());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, 200);
    const auto again = http_call(daemon.port(), "POST", "/run/event", headers, sample_event());
    expect_queued(again);
    EXPECT_EQ(again->header("idempotency-replayed"), "true");
    EXPECT_EQ(again->header("location"), first->header("location"));
}

TEST_F(prefer_wait, leaves_the_refusals_as_they_are) {
    daemon.start();
    const auto refused = http_call(daemon.port(), "POST", "/run/event", waiting(30), R"({"event":"e"})");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 422);
}

}  // namespace
}  // namespace posthaste
