// GET /openapi.json and the daemon say the same: routes, requests, answers. tests/system/node/openapi.mjs asks and
// judges, with validators of OpenAPI and of JSON Schema.

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/node_script.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

struct openapi : testing::Test {
    openapi() { upstream.start(); }

    void start(const nlohmann::json& changes = nlohmann::json::object()) {
        daemon.configure(changes);
        daemon.start();
    }
    void expect_right(const std::string& check, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{check, daemon.url()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        expect_nothing_wrong("openapi.mjs", arguments);
    }

    upstream_process upstream;
    daemon_under_test daemon{
        upstream.url(), {{"events", {{"Ticket Created", {{"ticketName", "String"}, {"customerEmail", "String?"}}}}}}};
};

TEST_F(openapi, is_a_valid_document_of_this_version_with_fitting_examples) {
    POSTHASTE_NEEDS_NODE();
    start();
    const auto answer = http_call(daemon.port(), "GET", "/openapi.json");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->header("content-type"), "application/json");
    expect_right("document", {daemon.status().value("version", "")});
}

TEST_F(openapi, documents_every_route_and_no_other) {
    POSTHASTE_NEEDS_NODE();
    start();
    expect_right("routes", {POSTHASTE_SOURCE_DIR "/daemon/supervisor/api.cpp"});
}

TEST_F(openapi, holds_for_every_documented_request) {
    POSTHASTE_NEEDS_NODE();
    start();
    expect_right("examples");
    EXPECT_TRUE(daemon.wait_until_drained());
}

TEST_F(openapi, holds_for_every_mistake) {
    POSTHASTE_NEEDS_NODE();
    start();
    expect_right("mistakes");
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 0) << "what was refused was stored";
}

TEST_F(openapi, says_who_may_call_what) {
    POSTHASTE_NEEDS_NODE();
    const auto tokens = daemon.folder().write("tokens", "app app-token-1\noperator operator-token-1\n");
    start({{"listen", {{"access_tokens_file", tokens}}}});
    expect_right("tokens", {"app-token-1", "operator-token-1"});
}

TEST_F(openapi, holds_for_a_full_queue_and_for_what_has_failed_and_died) {
    POSTHASTE_NEEDS_NODE();
    upstream.answer_with({answers(503)});
    upstream.answer_where("\"userId\": \"refused\"", {answers(422)});
    start({{"queue", {{"max_events", 2}}}});
    const std::string dead = daemon.post(sample_event("refused"));
    daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(dead, "dead")) << daemon.log();
    ASSERT_TRUE(wait_until([&] { return !daemon.status()["upstream"]["lastError"].is_null(); }));
    expect_right("full", {"POST /run/event", "POST /{version}/run/event", "POST /run/events",
                          "POST /{version}/run/events", "POST /v1/import", "GET /readyz"});
}

TEST_F(openapi, holds_for_what_the_upstream_makes_of_an_event_that_is_waited_for) {
    POSTHASTE_NEEDS_NODE();
    start({{"delivery", {{"retry", {{"initial", "100ms"}, {"max", "1s"}}}}}});
    upstream.answer_with({answers(200)});
    expect_right("answer", {"POST /run/event", "200", "Prefer", "wait=60"});
    upstream.answer_with({answers(409)});
    expect_right("answer", {"POST /{version}/run/event", "409", "Prefer", "wait=60"});
    upstream.answer_with({answers(422)});
    expect_right("answer", {"POST /run/event", "502", "Prefer", "wait=60"});
}

TEST_F(openapi, holds_for_what_the_upstream_says_of_a_user) {
    POSTHASTE_NEEDS_NODE();
    start();
    for (const int status : {204, 404, 200}) {
        upstream.answer_with({answers(status)});
        expect_right("answer", {"GET /users/{username}", std::to_string(status)});
    }
}

}  // namespace
}  // namespace posthaste
