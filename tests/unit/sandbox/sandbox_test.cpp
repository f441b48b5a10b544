#include "lib/sandbox/sandbox.hpp"

#include <string>

#include <gtest/gtest.h>

#include "lib/sandbox/sample.hpp"

namespace posthaste {
namespace {

const wall_time now{milliseconds{1'000}};

sandbox sample_sandbox(const std::string& key = "secret") {
    return {*read_sandbox_configuration(sample_sandbox_configuration, "sample"), key};
}

TEST(sandbox, takes_an_event_and_runs_its_workflow) {
    sandbox upstream = sample_sandbox();
    const auto answer = upstream.run_event("Bearer secret", "id-1", sample_event, now);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.body, R"({"message": "Event successfully triggered"})");
    ASSERT_EQ(answer.runs.size(), 1u);
    EXPECT_EQ(terminal_line(answer.runs[0].message),
              "[#support] New ticket *Refund request* from ada@example.com: Please help");
    EXPECT_EQ(answer.runs[0].message.user_id, "10101010101010");
    EXPECT_EQ(upstream.messages().size(), 1u);
}

TEST(sandbox, runs_no_workflow_twice_for_one_idempotency_key) {
    sandbox upstream = sample_sandbox();
    EXPECT_EQ(upstream.run_event("Bearer secret", "id-1", sample_event, now).runs.size(), 1u);
    const auto again = upstream.run_event("Bearer secret", "id-1", sample_event, now);
    EXPECT_EQ(again.status, 200u);
    EXPECT_TRUE(again.runs.empty());
    EXPECT_EQ(upstream.run_event("Bearer secret", "id-2", sample_event, now).runs.size(), 1u);
    EXPECT_EQ(upstream.messages().size(), 2u);
}

TEST(sandbox, runs_workflows_for_each_event_that_carries_no_idempotency_key) {
    sandbox upstream = sample_sandbox();
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(upstream.run_event("bearer secret", "", sample_event, now).runs.size(), 1u);
}

TEST(sandbox, does_not_remember_the_key_of_an_event_it_refused) {
    sandbox upstream = sample_sandbox();
    EXPECT_EQ(upstream.run_event("Bearer secret", "id-1", "{}", now).status, 400u);
    EXPECT_EQ(upstream.run_event("Bearer secret", "id-1", sample_event, now).runs.size(), 1u);
}

TEST(sandbox, asks_for_its_key_whatever_the_case_of_the_scheme) {
    sandbox upstream = sample_sandbox();
    for (const char* wrong :
         {"", "secret", "Bearer ", "Bearer wrong", "Basic secret", "Bearersecret", "Bearer secretx"})
        EXPECT_EQ(upstream.run_event(wrong, "", sample_event, now).status, 401u) << wrong;
    for (const char* right : {"bearer secret", "Bearer secret", "BEARER  secret"})
        EXPECT_EQ(upstream.run_event(right, "", sample_event, now).status, 200u) << right;
    EXPECT_EQ(upstream.user("Bearer wrong", "ada").status, 401u);
}

TEST(sandbox, without_a_key_of_its_own_takes_any_but_wants_one) {
    sandbox upstream = sample_sandbox("");
    EXPECT_EQ(upstream.run_event("Bearer whatever", "", sample_event, now).status, 200u);
    EXPECT_EQ(upstream.run_event("", "", sample_event, now).status, 401u);
    EXPECT_EQ(upstream.run_event("Bearer ", "", sample_event, now).status, 401u);
}

TEST(sandbox, refuses_a_body_that_is_no_event_and_says_why) {
    sandbox upstream = sample_sandbox();
    for (const char* body : {"", "{", "[]", R"({"event": "E", "userId": null, "data": {}})",
                             R"({"event": "Ticket Created", "userId": "1", "data": {"ticketName": 7}})"}) {
        const auto answer = upstream.run_event("Bearer secret", "", body, now);
        EXPECT_EQ(answer.status, 400u) << body;
        EXPECT_EQ(answer.body.substr(0, 13), "{\"message\": \"") << answer.body;
    }
}

TEST(sandbox, names_each_field_that_breaks_the_schema) {
    sandbox upstream = sample_sandbox();
    const auto answer = upstream.run_event(
        "Bearer secret", "", R"({"event": "Ticket Created", "userId": "1", "data": {"ticketName": 7}})", now);
    for (const char* field : {"/data/ticketName", "/data/customerEmail", "/data/description"}) {
        const auto place = answer.body.find(field);
        EXPECT_NE(place, std::string::npos) << answer.body;
        EXPECT_EQ(answer.body.find(field, place + 1), std::string::npos) << "told once: " << answer.body;
    }
}

TEST(sandbox, takes_an_event_it_has_no_schema_for_and_runs_nothing) {
    sandbox upstream = sample_sandbox();
    const auto answer =
        upstream.run_event("Bearer secret", "", R"({"event": "Other", "userId": "1", "data": {}})", now);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_TRUE(answer.runs.empty());
}

TEST(sandbox_users, have_a_stable_id_of_14_digits) {
    EXPECT_EQ(user_id_of("ada"), user_id_of("ada"));
    EXPECT_NE(user_id_of("ada"), user_id_of("bob"));
    for (const char* name : {"", "ada", "ada@example.com", "a much longer name than one would expect"}) {
        EXPECT_EQ(user_id_of(name).size(), 14u);
        EXPECT_EQ(user_id_of(name).find_first_not_of("0123456789"), std::string::npos);
    }
    EXPECT_EQ(user_id_of("ada"), "61661198975291");
}

TEST(sandbox_users, are_found_by_their_decoded_name) {
    const sandbox upstream = sample_sandbox();
    const auto answer = upstream.user("Bearer secret", "ada%40example.com");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.body,
              "{\"userId\": \"" + user_id_of("ada@example.com") + "\", \"username\": \"ada@example.com\"}");
    for (const char* broken : {"", "a%", "a%4", "a%zz"})
        EXPECT_EQ(upstream.user("Bearer secret", broken).status, 400u) << broken;
}

}  // namespace
}  // namespace posthaste
