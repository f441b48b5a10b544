// An upstream that is down, fails, hangs up or is not who it says it is: what becomes of the event, and of the key.

#include <gtest/gtest.h>

#include "tests/system/support/certificates.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

// Waits for the event's first failure; gives the event.
nlohmann::json failed_once(const daemon_under_test& daemon, const std::string& id) {
    nlohmann::json facts;
    EXPECT_TRUE(wait_until([&] {
        facts = daemon.event(id);
        return facts.is_object() && facts.at("lastError").is_object();
    })) << facts
        << daemon.log();
    return facts;
}

}  // namespace

TEST(upstream_trouble, one_that_is_down_at_the_start_gets_the_event_when_it_comes_up) {
    upstream_process upstream;
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string id = daemon.post(sample_event());
    const nlohmann::json waiting = failed_once(daemon, id);
    EXPECT_EQ(waiting.at("state"), "pending");
    EXPECT_TRUE(waiting.at("lastError").at("status").is_null());
    EXPECT_FALSE(waiting.at("lastError").at("message").get<std::string>().empty());
    EXPECT_EQ(http_call(daemon.port(), "GET", "/readyz")->status, 200) << "accepting does not need the upstream";
    upstream.start();
    EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    ASSERT_EQ(upstream.requests().size(), 1u);
    EXPECT_EQ(upstream.requests()[0].field("Idempotency-Key"), id);
}

TEST(upstream_trouble, one_that_answers_503_twice_is_asked_a_third_time) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(503, 2), answers(200)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    const auto& requests = upstream.requests();
    ASSERT_EQ(requests.size(), 3u);
    for (const recorded_request& request : requests) {
        EXPECT_EQ(request.field("Idempotency-Key"), id);
        EXPECT_EQ(request.body, sample_event());
    }
    EXPECT_EQ(requests[0].count_of("X-Retry-Count"), 0u);
    EXPECT_EQ(requests[1].field("X-Retry-Count"), "1");
    EXPECT_EQ(requests[2].field("X-Retry-Count"), "2");
    EXPECT_EQ(daemon.event(id).at("attempts"), 3);
    EXPECT_EQ(daemon.status().at("queue").at("retrying"), 0);
}

TEST(upstream_trouble, one_that_hangs_up_gets_the_event_again) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({does(answer_step::kind::close_unread), does(answer_step::kind::drop),
                          does(answer_step::kind::cut), answers(200)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    EXPECT_EQ(upstream.requests().size(), 3u);
    for (const recorded_request& request : upstream.requests())
        EXPECT_EQ(request.field("Idempotency-Key"), id);
}

TEST(upstream_trouble, a_kept_connection_that_was_closed_meanwhile_costs_no_attempt) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string first = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(first, "delivered")) << daemon.log();
    upstream.stop();
    upstream.start();
    const std::string second = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(second, "delivered")) << daemon.log();
    EXPECT_EQ(daemon.event(second).at("attempts"), 1);
}

TEST(upstream_trouble, a_kept_connection_that_is_closed_under_a_request_costs_no_attempt) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(200), does(answer_step::kind::drop), answers(200)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string first = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(first, "delivered")) << daemon.log();
    const std::string second = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(second, "delivered")) << daemon.log();
    EXPECT_EQ(daemon.event(second).at("attempts"), 1);
    ASSERT_EQ(upstream.requests().size(), 3u);
    EXPECT_EQ(upstream.requests()[1].connection, 1u) << "it was sent on the kept connection first";
    EXPECT_EQ(upstream.requests()[2].raw, upstream.requests()[1].raw);
}

TEST(upstream_trouble, one_that_never_answers_is_given_up_after_the_response_timeout_and_asked_again) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({does(answer_step::kind::silent), answers(200)});
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"response_timeout", "300ms"}}}});
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    EXPECT_EQ(daemon.event(id).at("attempts"), 2);
    EXPECT_EQ(upstream.requests().size(), 2u);
}

TEST(upstream_trouble, a_refused_event_is_dead_at_once_and_tells_why) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(400), answers(200)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(id, "dead")) << daemon.event(id) << daemon.log();
    const nlohmann::json facts = daemon.event(id);
    EXPECT_EQ(facts.at("reason"), "rejected");
    EXPECT_EQ(facts.at("attempts"), 1);
    EXPECT_EQ(facts.at("lastError").at("status"), 400);
    EXPECT_EQ(facts.at("lastError").at("message"), "the test says 400");
    EXPECT_TRUE(facts.at("deadAt").is_string());
    EXPECT_EQ(facts.at("data").at("ticketName"), "Refund request");
    EXPECT_TRUE(daemon.running().wait_for_output(id)) << "an event's death is logged: " << daemon.log();
    // The lane goes on.
    const std::string next = daemon.post(sample_event());
    EXPECT_TRUE(daemon.wait_for_state(next, "delivered")) << daemon.log();
    EXPECT_EQ(upstream.requests().size(), 2u);
    daemon.restart();
    EXPECT_EQ(daemon.event(id).at("state"), "dead");
    EXPECT_EQ(daemon.status().at("queue").at("dead"), 1);
}

TEST(upstream_trouble, a_right_certificate_of_a_private_authority_is_trusted) {
    certificate_authority known("an authority we trust");
    const certificate_files right = known.issue("DNS:localhost");
    upstream_process upstream(right.certificate, right.key);
    upstream.start();
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"ca_file", known.file()}}}});
    daemon.start();
    for (int n = 0; n < 3; ++n) {
        const std::string id = daemon.post(sample_event());
        ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    }
    ASSERT_EQ(upstream.requests().size(), 3u);
    EXPECT_EQ(upstream.requests()[2].connection, 1u) << "a TLS connection is kept alive too";
    EXPECT_EQ(upstream.requests()[0].field("Authorization"), std::string("Bearer ") + daemon_under_test::api_key);
    EXPECT_EQ(upstream.requests()[0].body, sample_event());
}

TEST(upstream_trouble, a_certificate_for_an_address_is_checked_against_the_address) {
    certificate_authority known("an authority we trust");
    const certificate_files right = known.issue("IP:127.0.0.1");
    upstream_process upstream(right.certificate, right.key);
    upstream.start();
    const std::string url = "https://127.0.0.1:" + std::to_string(upstream.port());
    daemon_under_test daemon(url, {{"upstream", {{"ca_file", known.file()}}}});
    daemon.start();
    const std::string id = daemon.post(sample_event());
    EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
}

TEST(upstream_trouble, a_restart_in_mid_backoff_keeps_the_attempts_and_the_time) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("\"waiting\"", {answers(500)});
    daemon_under_test daemon(upstream.url(), {{"delivery", {{"retry", {{"initial", "1h"}, {"max", "2h"}}}}}});
    daemon.start();
    const std::string id = daemon.post(sample_event("waiting"));
    const nlohmann::json before = failed_once(daemon, id);
    EXPECT_EQ(before.at("attempts"), 1);
    EXPECT_TRUE(before.at("nextAttemptAt").is_string());
    daemon.restart();
    const std::string other = daemon.post(sample_event("somebody else"));
    ASSERT_TRUE(daemon.wait_for_state(other, "delivered")) << daemon.log();
    EXPECT_EQ(daemon.event(id), before);
    daemon.kill9();
    daemon.start();
    const std::string another = daemon.post(sample_event("somebody else"));
    ASSERT_TRUE(daemon.wait_for_state(another, "delivered")) << daemon.log();
    EXPECT_EQ(daemon.event(id), before);
    EXPECT_EQ(daemon.status().at("queue").at("retrying"), 1);
    EXPECT_EQ(upstream.requests().size(), 3u) << "the waiting one was sent once only";
}

}  // namespace posthaste
