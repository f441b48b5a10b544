// `posthaste send EVENT`: repeating it safely, and waiting for the delivery.
//
// Where the daemon must answer in a certain way, a stand-in for it does: it keeps the requests, too.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

const std::string id = "01a208ef-347e-7c7a-8000-00000005cf15";

process_options sending(const std::string& server, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{posthaste_binary(), "send", "A", "--user", "1", "--server", server};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {std::move(arguments), {}, {}, {}};
}

finished send(const std::string& server, const std::vector<std::string>& more) {
    return run_to_end(sending(server, more));
}

// What the daemon answers once the event was delivered in time.
answer_step delivered(int status, const std::string& body) {
    return {.status = status,
            .body = body,
            .headers = {{"Preference-Applied", "wait=10"}, {"Location", "/v1/events/" + id}}};
}

answer_step queued() {
    return {.status = 202,
            .body = R"({"message":"Event queued","id":")" + id + R"(","state":"pending"})",
            .headers = {{"Location", "/v1/events/" + id}}};
}

struct asked_daemon : testing::Test {
    asked_daemon() { daemon.start(); }

    finished asked_to_wait(const answer_step& answer, const std::vector<std::string>& more = {"--wait", "10s"}) {
        daemon.answer_with({answer});
        return send(daemon.url(), more);
    }

    upstream_process daemon;
};

TEST(send_with_a_key, stores_nothing_twice_and_tells_a_replay) {
    daemon_under_test daemon;
    daemon.start();
    const auto first = send(daemon.url(), {"--idempotency-key", "order-17"});
    EXPECT_EQ(first.status, 0) << first.error;
    EXPECT_THAT(first.output, MatchesRegex("queued [0-9a-f-]{36}\n"));
    const auto again = send(daemon.url(), {"--idempotency-key", "order-17"});
    EXPECT_EQ(again.status, 0) << again.error;
    EXPECT_EQ(again.output,
              first.output.substr(0, first.output.size() - 1) + " (stored before with this key, and not again)\n");
    const auto as_json = json::parse(send(daemon.url(), {"--idempotency-key", "order-17", "--json"}).output);
    EXPECT_EQ(
        as_json,
        (json{{"id", first.output.substr(7, 36)}, {"state", "pending"}, {"replayed", true}, {"response", nullptr}}));
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 1);
    const auto other = send(daemon.url(), {"--idempotency-key", "order-17", "--data", R"({"a": 1})"});
    EXPECT_EQ(other.status, 1);
    EXPECT_THAT(other.error, HasSubstr("Idempotency-Key"));
    EXPECT_THAT(other.error, HasSubstr(" (422)\n"));
}

TEST_F(asked_daemon, is_sent_the_key_and_the_whole_seconds_to_wait) {
    const auto plain = asked_to_wait(queued(), {"--idempotency-key", "k"});
    EXPECT_EQ(plain.error, "");
    const auto rounded = asked_to_wait(queued(), {"--wait", "1500ms"});
    EXPECT_EQ(rounded.error, "posthaste send: --wait 1500ms counts as 2s, as waits are whole seconds\n");
    const auto cut = asked_to_wait(queued(), {"--wait", "90s"});
    EXPECT_EQ(cut.error, "posthaste send: --wait 90s counts as 60s, the longest wait there is\n");
    ASSERT_EQ(daemon.requests().size(), 3U);
    EXPECT_EQ(daemon.requests()[0].field("Idempotency-Key"), "k");
    EXPECT_EQ(daemon.requests()[0].count_of("Prefer"), 0U);
    EXPECT_EQ(daemon.requests()[1].field("Prefer"), "wait=2");
    EXPECT_EQ(daemon.requests()[1].count_of("Idempotency-Key"), 0U);
    EXPECT_EQ(daemon.requests()[2].field("Prefer"), "wait=60");
}

TEST_F(asked_daemon, tells_that_an_event_was_delivered_whatever_the_upstream_answered) {
    for (const int status : {200, 202, 409}) {  // 409 can stand for a delivery
        const auto ended = asked_to_wait(delivered(status, "no JSON at all"));
        EXPECT_EQ(ended.status, 0) << ended.error;
        EXPECT_EQ(ended.output, "delivered " + id + ", the upstream answered " + std::to_string(status) + "\n");
    }
    const auto as_json = asked_to_wait(delivered(201, "{}"), {"--wait", "10s", "--json"});
    EXPECT_EQ(json::parse(as_json.output),
              (json{{"id", id}, {"state", "delivered"}, {"replayed", false}, {"response", {{"status", 201}}}}));
}

TEST_F(asked_daemon, tells_why_an_event_is_dead) {
    const answer_step failed{
        .status = 502,
        .body = R"({"type": "urn:posthaste:problem:delivery-failed", "detail": "The upstream said 422: no"})",
        .headers = {{"Location", "/v1/events/" + id}, {"Preference-Applied", "wait=10"}}};
    const auto ended = asked_to_wait(failed);
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_EQ(ended.error, "posthaste send: The upstream said 422: no\n");
}

TEST_F(asked_daemon, tells_what_was_not_delivered_in_time) {
    auto late = queued();
    late.after = std::chrono::milliseconds{1000};
    const auto ended = asked_to_wait(late, {"--wait", "1s"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output,
              "queued " + id + ", not delivered within 1s; it stays queued and is delivered as soon as it can be\n");
}

TEST_F(asked_daemon, is_waited_for_beyond_the_30_s_that_any_other_answer_may_take) {
    auto late = delivered(200, "{}");
    late.after = std::chrono::seconds{31};
    daemon.answer_with({late});
    process client(sending(daemon.url(), {"--wait", "60s"}));
    EXPECT_TRUE(wait_until([&] { return client.ended().has_value(); }, late.after + patience));
    EXPECT_EQ(client.wait(), 0) << client.standard_error();
    EXPECT_EQ(client.standard_output(), "delivered " + id + ", the upstream answered 200\n");
}

TEST_F(asked_daemon, does_not_say_that_time_was_over_where_it_was_not) {
    const auto ended = asked_to_wait(queued(), {"--wait", "60s"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_THAT(ended.output, StartsWith("queued " + id + ", not delivered yet; the daemon did not wait for it, "));
}

TEST_F(asked_daemon, is_not_said_to_wait_for_a_repeated_request) {
    auto replayed = queued();
    replayed.headers.emplace_back("Idempotency-Replayed", "true");
    const auto ended = asked_to_wait(replayed, {"--wait", "60s", "--idempotency-key", "k"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, id +
                                " was stored before with this key, and not again; a repeated request is not waited "
                                "for: \"posthaste show " +
                                id + "\" tells how it fares\n");
}

TEST_F(asked_daemon, that_is_another_program_is_told) {
    const auto ended = asked_to_wait({.status = 200, .body = "hello", .headers = {}});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, HasSubstr("is it another program?"));
}

TEST_F(asked_daemon, that_goes_without_an_answer_may_have_stored_the_event) {
    const auto without = asked_to_wait(does(answer_step::kind::drop), {});
    EXPECT_EQ(without.status, 1);
    EXPECT_THAT(without.error, HasSubstr("; the event may be queued all the same: only with an --idempotency-key "));
    const auto with = asked_to_wait(does(answer_step::kind::drop), {"--idempotency-key", "k"});
    EXPECT_THAT(with.error, HasSubstr("; the event may be queued all the same: run it again, "));
}

TEST(send_command, leaves_an_event_queued_that_cannot_be_delivered) {
    daemon_under_test daemon;  // no upstream
    daemon.start();
    const auto ended = send(daemon.url(), {"--wait", "1s"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_THAT(ended.output, MatchesRegex("queued [0-9a-f-]{36}, not delivered [^\n]+\n"));
    EXPECT_EQ(daemon.status()["queue"]["pending"], 1);
}

TEST(send_command, refuses_a_key_or_a_wait_that_is_none) {
    for (const std::string key : {"", "two words", "\xc3\xbc"}) {
        const auto ended = send("http://127.0.0.1:9", {"--idempotency-key", key});
        EXPECT_EQ(ended.status, 2);
        EXPECT_THAT(ended.error, HasSubstr("--idempotency-key: "));
    }
    const auto ended = send("http://127.0.0.1:9", {"--wait", "0s"});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.error, HasSubstr("--wait: expected a duration over 0, such as 10s"));
}

}  // namespace
}  // namespace posthaste
