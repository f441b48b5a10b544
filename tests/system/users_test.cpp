// GET /users/{username}: what an SDK's identify() gets, from the upstream or from what is kept of it.

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* ada = R"({"userId": "7", "username": "ada"})";

answer_step gives(std::string body, int status = 200) {
    answer_step step;
    step.status = status;
    step.body = std::move(body);
    return step;
}

struct users : testing::Test {
    users() {
        upstream.start();
        upstream.answer_where("/users/ada", {gives(ada)});
    }

    [[nodiscard]] http_answer get(const std::string& path = "/users/ada", const http_headers& headers = {}) const {
        const auto answer = http_call(daemon.port(), "GET", path, headers);
        return answer ? *answer : http_answer{};
    }
    // What is kept is asked for anew each time.
    void start_without_age() {
        daemon.configure({{"identify", {{"max_age", "0s"}}}});
        daemon.start();
    }
    [[nodiscard]] std::size_t asked() { return upstream.requests().size(); }

    static void expect_ada(const http_answer& answer, bool kept) {
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.body, ada);
        EXPECT_EQ(answer.header("age").empty(), !kept);
    }
    static void expect_unavailable(const http_answer& answer) {
        EXPECT_EQ(answer.status, 503) << answer.body;
        EXPECT_EQ(answer.json().value("type", ""), "urn:posthaste:problem:upstream-unavailable");
        EXPECT_EQ(answer.json().value("message", "-"), answer.json().value("detail", ""));
        EXPECT_NE(answer.header("retry-after"), "");
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
};

TEST_F(users, are_asked_for_with_our_key_and_then_answered_from_what_is_kept) {
    daemon.start();
    expect_ada(get("/users/ada?x=1", {{"Authorization", "Bearer the-apps-own"}}), false);
    ASSERT_EQ(asked(), 1U);
    const recorded_request& question = upstream.requests()[0];
    EXPECT_EQ(question.method, "GET");
    EXPECT_EQ(question.path, "/users/ada");
    EXPECT_EQ(question.field("Authorization"), "Bearer " + std::string(daemon_under_test::api_key));
    EXPECT_EQ(question.field("x-api-version"), "2025-09");
    expect_ada(get(), true);
    daemon.restart();
    expect_ada(get(), true);
    EXPECT_EQ(asked(), 1U);
}

TEST_F(users, are_other_ones_under_another_path_or_version) {
    daemon.start();
    expect_ada(get(), false);
    expect_ada(get("/2023-12/users/ada"), false);
    expect_ada(get("/users/ada", {{"x-api-version", "2024-01"}}), false);
    ASSERT_EQ(asked(), 3U);
    EXPECT_EQ(upstream.requests()[1].path, "/2023-12/users/ada");
    EXPECT_EQ(upstream.requests()[1].field("x-api-version"), "");
    EXPECT_EQ(upstream.requests()[2].field("x-api-version"), "2024-01");
}

TEST_F(users, may_have_any_name) {
    daemon.start();
    upstream.answer_where("/", {gives(ada)});
    for (const char* path : {"/users/2023-12", "/users/auth0|5f7c[1]", "/users/auth0%2F..7"}) {
        const std::size_t before = asked();
        expect_ada(get(path), false);
        ASSERT_EQ(asked(), before + 1) << path;
        EXPECT_EQ(upstream.requests()[before].path, path);
        EXPECT_EQ(upstream.requests()[before].field("x-api-version"), "2025-09") << path;
    }
    const std::size_t before = asked();
    for (const char* path : {"/users/.", "/users/..", "/2023-12/users/%2e%2E", "/users/..%2Fworkflows",
                             "/users/a%2F..%2F..%2Fworkflows", "/users/..%5Cworkflows"}) {
        const http_answer refused = get(path);
        EXPECT_EQ(refused.status, 404) << path;
        EXPECT_EQ(refused.json().value("type", ""), "urn:posthaste:problem:not-found") << path;
    }
    EXPECT_EQ(asked(), before) << "with our key nothing is asked for but users";
}

TEST_F(users, are_known_through_an_outage_and_over_a_restart) {
    start_without_age();
    expect_ada(get(), false);
    upstream.stop();
    expect_ada(get(), true);
    daemon.restart();
    expect_ada(get(), true);
    expect_unavailable(get("/users/somebody"));
    upstream.start();
    expect_ada(get(), false);
}

TEST_F(users, are_known_while_the_upstream_tells_nothing_of_them) {
    start_without_age();
    expect_ada(get(), false);
    for (const int status : {500, 503, 429, 401, 403, 407, 302}) {
        upstream.answer_where("/users/", {answers(status)});
        upstream.answer_where("/users/ada", {answers(status)});
        expect_ada(get(), true);
        const http_answer unknown = get("/users/somebody");
        expect_unavailable(unknown);
        EXPECT_THAT(unknown.body, HasSubstr("it answered " + std::to_string(status)));
    }
    upstream.answer_where("/users/ada", {does(answer_step::kind::drop)});
    expect_ada(get(), true);
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "up") << "apart from the events' health";
}

TEST_F(users, are_forgotten_once_the_upstream_does_not_know_them) {
    start_without_age();
    for (const int status : {404, 410}) {
        upstream.answer_where("/users/ada", {gives(ada)});
        expect_ada(get(), false);
        upstream.answer_where("/users/ada", {gives(R"({"message":"who?"})", status)});
        const http_answer gone = get();
        EXPECT_EQ(gone.status, status);
        EXPECT_EQ(gone.body, R"({"message":"who?"})");
        upstream.answer_where("/users/ada", {answers(500)});
        expect_unavailable(get());
    }
}

TEST_F(users, are_kept_through_other_refusals_which_pass) {
    start_without_age();
    expect_ada(get(), false);
    upstream.answer_where("/users/ada", {gives(R"({"message":"odd name"})", 422)});
    const http_answer refused = get();
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(refused.json().value("message", ""), "odd name");
    upstream.answer_where("/users/ada", {answers(503)});
    expect_ada(get(), true);
}

TEST_F(users, of_another_key_or_url_are_never_served) {
    const std::string key = daemon.folder().write("key", "key-one");
    daemon.configure({{"upstream", {{"api_key_file", key}}}});
    daemon.start();
    expect_ada(get(), false);
    expect_ada(get(), true);

    daemon.folder().write("key", "key-two");
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(wait_until([&] { return daemon.log().find("configuration reloaded") != std::string::npos; }));
    upstream.answer_where("/users/ada", {answers(503)});
    expect_unavailable(get());

    daemon.folder().write("key", "key-one");
    daemon.configure({{"upstream", {{"url", upstream.url() + "/elsewhere"}}}});
    daemon.restart();
    expect_unavailable(get());
    daemon.configure({{"upstream", {{"url", upstream.url()}}}});
    daemon.restart();
    expect_ada(get(), true);
}

TEST_F(users, are_not_asked_for_while_the_sending_is_paused) {
    start_without_age();
    expect_ada(get(), false);
    ASSERT_EQ(http_call(daemon.port(), "POST", "/v1/pause").value().status, 200);
    expect_ada(get(), true);
    expect_unavailable(get("/users/somebody"));
    EXPECT_EQ(asked(), 1U);
}

TEST_F(users, are_not_asked_for_again_over_a_new_connection_once_the_sending_is_paused) {
    answer_step breaks = does(answer_step::kind::drop);
    breaks.after = std::chrono::seconds{sanitized ? 10 : 3};
    upstream.answer_where("/users/slow", {breaks, gives(ada)});
    start_without_age();
    expect_ada(get(), false);
    raw_socket waiting(daemon.port());
    waiting.send(request_text("GET", "/users/slow", {}, "", daemon.port()));
    ASSERT_TRUE(upstream.wait_for_requests(2));
    ASSERT_EQ(http_call(daemon.port(), "POST", "/v1/pause").value().status, 200);
    const auto answer = waiting.read_answer();
    ASSERT_TRUE(answer);
    expect_unavailable(*answer);
    EXPECT_EQ(asked(), 2U);
}

TEST_F(users, are_asked_for_four_at_a_time_and_the_same_one_once) {
    answer_step late = gives(ada);
    late.after = std::chrono::milliseconds{200};
    upstream.answer_where("/users/", {late});
    daemon.start();
    std::vector<raw_socket> waiting;
    for (int n = 0; n < 24; ++n) {
        waiting.emplace_back(daemon.port());
        waiting.back().send(request_text("GET", "/users/u" + std::to_string(n % 12), {}, "", daemon.port()));
    }
    for (raw_socket& each : waiting) {
        const auto answer = each.read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200) << answer->body;
    }
    std::set<std::uint64_t> connections;
    for (const recorded_request& each : upstream.requests())
        connections.insert(each.connection);
    EXPECT_EQ(asked(), 12U);
    EXPECT_LE(connections.size(), 4U);
}

TEST_F(users, that_are_waited_for_leave_connections_to_events) {
    answer_step never = gives(ada);
    never.after = std::chrono::minutes{5};
    upstream.answer_where("/users/", {never});
    daemon.configure({{"limits", {{"connections", 16}}}});
    daemon.start();
    std::vector<raw_socket> waiting;
    for (int n = 0; n < 4; ++n) {
        waiting.emplace_back(daemon.port());
        waiting.back().send(request_text("GET", "/users/u" + std::to_string(n), {}, "", daemon.port()));
    }
    ASSERT_TRUE(wait_until([&] { return asked() == 4; }));
    expect_unavailable(get("/users/another"));
    EXPECT_NE(daemon.post(sample_event()), "");
    daemon.kill9();
}

TEST_F(users, that_are_kept_fill_no_more_than_a_quarter_of_the_queue) {
    upstream.answer_where("/users/", {gives(std::string(10'000, 'x'))});
    daemon.configure({{"queue", {{"max_bytes", "1MiB"}}}});
    daemon.start();
    const auto bytes = [&] { return daemon.status().at("queue").value("bytes", std::uint64_t{0}); };
    EXPECT_EQ(bytes(), 0U);
    expect_ada(get(), false);
    ASSERT_TRUE(wait_until([&] { return bytes() > std::string_view(ada).size(); }));
    EXPECT_LT(bytes(), 1'000U);
    for (int n = 0; n < 40; ++n)
        EXPECT_EQ(get("/users/u" + std::to_string(n)).status, 200);
    expect_ada(get(), false);
    EXPECT_GT(bytes(), 240'000U);
    EXPECT_LE(bytes(), 256U * 1024);
    EXPECT_NE(daemon.post(sample_event()), "");
    ASSERT_TRUE(daemon.wait_until_drained());
    EXPECT_NE(daemon.post(sample_event("user", std::string(1'000'000, 'x'))), "") << "and are in no event's way";
}

// A key that is a word: nobody's name or id may change for it.
TEST_F(users, are_those_of_the_upstream_where_the_key_is_a_part_of_them) {
    constexpr const char* contest = R"({"userId": "test", "username": "contest"})";
    upstream.answer_where("/users/contest", {gives(contest)});
    upstream.answer_where("/users/nobody", {gives(R"({"message": "nobody in the contest has the key test"})", 404)});
    upstream.answer_with({gives(contest)});
    const std::string key = daemon.folder().write("key", "test");
    daemon.configure({{"upstream", {{"api_key_file", key}}}});
    daemon.start();
    EXPECT_EQ(get("/users/contest").body, contest);
    const http_answer kept = get("/users/contest");
    EXPECT_EQ(kept.body, contest);
    EXPECT_NE(kept.header("age"), "");
    EXPECT_EQ(get("/users/nobody").body, R"({"message": "nobody in the contest has the key [the API key]"})");
    const auto settled = http_call(daemon.port(), "POST", "/run/event",
                                   {{"Content-Type", "application/json"}, {"Prefer", "wait=30"}}, sample_event("u"));
    ASSERT_TRUE(settled);
    EXPECT_EQ(settled->body, contest);
}

TEST_F(users, are_answered_when_the_daemon_stops) {
    upstream.answer_where("/users/slow", {does(answer_step::kind::silent)});
    daemon.start();
    raw_socket waiting(daemon.port());
    waiting.send(request_text("GET", "/users/slow", {}, "", daemon.port()));
    ASSERT_TRUE(upstream.wait_for_requests(1));
    EXPECT_EQ(daemon.stop(), 0);
    const auto answer = waiting.read_answer();
    ASSERT_TRUE(answer);
    expect_unavailable(*answer);
}

}  // namespace
}  // namespace posthaste
