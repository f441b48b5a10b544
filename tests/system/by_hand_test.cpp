// What an operator does with events over the API: sends dead ones again, removes dead or pending ones; one, or all that
// match.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/backlog.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;

struct by_hand : testing::Test {
    by_hand() {
        upstream.start();
        daemon.start();
    }

    [[nodiscard]] http_answer call(std::string_view method, const std::string& path, const json& body = nullptr) const {
        http_headers headers;
        if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
        const auto answer = http_call(daemon.port(), method, path, headers, body.is_null() ? "" : body.dump());
        return answer ? *answer : http_answer{};
    }
    [[nodiscard]] json result_of(const std::string& path, const json& body) const {
        const http_answer answer = call("POST", path, body);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.json();
    }
    static std::string event(const std::string& name, const std::string& user) {
        return json{{"event", name}, {"userId", user}, {"data", json::object()}}.dump();
    }
    // So many dead events of as many users.
    std::vector<std::string> bury(int count, const std::string& name = "E") {
        upstream.answer_with({answers(400)});
        std::vector<std::string> ids;
        for (int user = 0; user < count; ++user)
            ids.push_back(daemon.post(event(name, "user-" + std::to_string(user))));
        for (const std::string& id : ids)
            EXPECT_TRUE(daemon.wait_for_state(id, "dead"));
        upstream.answer_with({answers(200)});
        return ids;
    }
    [[nodiscard]] std::string state_of(const std::string& id) const { return daemon.event(id).value("state", "gone"); }
    void expect_accounts_close() const {
        const json status = daemon.status();
        const json& totals = status.at("totals");
        const json& queue = status.at("queue");
        EXPECT_EQ(totals.at("accepted").get<int>(),
                  totals.at("delivered").get<int>() + queue.at("pending").get<int>() + queue.at("dead").get<int>() +
                      totals.at("discarded").get<int>() + totals.at("purged").get<int>())
            << status;
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url(), {{"delivery", {{"reject_guard", 0}}}}};
};

TEST_F(by_hand, a_dead_event_is_sent_again_under_its_id_and_a_delivered_one_is_not) {
    const std::string id = bury(1).at(0);
    const http_answer again = call("POST", "/v1/events/" + id + "/retry");
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(again.json().value("id", ""), id);
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered"));
    EXPECT_EQ(upstream.requests().back().field("Idempotency-Key"), id);
    EXPECT_EQ(daemon.event(id).value("attempts", 0), 1) << "counted anew";
    const http_answer late = call("POST", "/v1/events/" + id + "/retry");
    EXPECT_EQ(late.status, 409);
    EXPECT_EQ(late.json().value("type", ""), "urn:posthaste:problem:already-delivered");
    EXPECT_EQ(call("DELETE", "/v1/events/" + id).status, 409);
    expect_accounts_close();
}

TEST_F(by_hand, unknown_events_are_a_404) {
    const std::string unknown = "/v1/events/01a217f8-2468-7032-8000-00000005dde3";
    EXPECT_EQ(call("POST", unknown + "/retry").status, 404);
    EXPECT_EQ(call("DELETE", unknown).status, 404);
    EXPECT_EQ(call("DELETE", "/v1/events/nonsense").status, 404);
}

TEST_F(by_hand, a_waiting_event_is_sent_at_once) {
    daemon.configure({{"delivery", {{"retry", {{"initial", "1h"}, {"max", "1h"}}}}}});
    daemon.restart();
    upstream.answer_with({answers(503, 1), answers(200)});
    const std::string id = daemon.post(event("E", "u"));
    ASSERT_TRUE(wait_until([&] { return daemon.event(id).value("attempts", 0) == 1; }));
    EXPECT_EQ(call("POST", "/v1/events/" + id + "/retry").status, 200);
    EXPECT_TRUE(daemon.wait_for_state(id, "delivered"));
}

TEST_F(by_hand, all_of_the_dead_that_match_are_sent_again) {
    const auto first = bury(3, "A");
    const auto second = bury(2, "B");
    EXPECT_EQ(result_of("/v1/retry", {{"event", "A"}, {"userId", "user-1"}}),
              json({{"retried", 1}, {"remaining", 0}, {"continue", nullptr}}));
    const json part = result_of("/v1/retry", {{"reason", "rejected"}, {"limit", 1}});
    EXPECT_EQ(part.value("retried", 0), 1);
    EXPECT_EQ(part.value("remaining", 0), 3);
    const json rest = result_of("/v1/retry", {{"reason", "rejected"}, {"continue", part.at("continue")}});
    EXPECT_EQ(rest, json({{"retried", 3}, {"remaining", 0}, {"continue", nullptr}}));
    EXPECT_TRUE(daemon.wait_until_drained());
    for (const auto& ids : {first, second})
        for (const std::string& id : ids)
            EXPECT_EQ(state_of(id), "delivered");
    EXPECT_EQ(result_of("/v1/retry", json::object()).value("retried", -1), 0);
    expect_accounts_close();
}

TEST_F(by_hand, what_dies_again_meanwhile_is_not_taken_twice) {
    bury(3);
    upstream.answer_with({answers(400)});
    json told = result_of("/v1/retry", {{"limit", 1}});
    int retried = told.at("retried").get<int>();
    while (!told.at("continue").is_null()) {
        ASSERT_TRUE(wait_until([&] { return daemon.status().at("queue").at("dead") == 3; }));
        told = result_of("/v1/retry", {{"limit", 1}, {"continue", told.at("continue")}});
        retried += told.at("retried").get<int>();
        ASSERT_LE(retried, 3) << "it goes on for ever";
    }
    EXPECT_EQ(retried, 3);
}

TEST_F(by_hand, a_filter_in_the_query_is_refused_instead_of_passed_over) {
    const auto ids = bury(2);
    const json dead = {{"state", "dead"}};
    for (const auto& [method, path] :
         std::vector<std::pair<std::string, std::string>>{{"POST", "/v1/discard"},
                                                          {"POST", "/v1/retry"},
                                                          {"POST", "/v1/pause"},
                                                          {"POST", "/v1/resume"},
                                                          {"POST", "/v1/import"},
                                                          {"POST", "/v1/events/" + ids[0] + "/retry"},
                                                          {"DELETE", "/v1/events/" + ids[0]}}) {
        const http_answer answer = call(method, path + "?userId=user-1", path == "/v1/discard" ? dead : json());
        EXPECT_EQ(answer.status, 400) << path;
        EXPECT_EQ(answer.json().value("type", ""), "urn:posthaste:problem:invalid-query") << path;
        EXPECT_EQ(answer.json().value("detail", ""),
                  "There is no parameter \"userId\" here: this call takes none in its query. Where it takes a filter, "
                  "that stands in its body.");
    }
    EXPECT_EQ(daemon.status()["queue"]["dead"], 2);
    EXPECT_EQ(daemon.status()["upstream"]["state"], "up");
    EXPECT_EQ(call("POST", "/v1/retry?", json::object()).status, 200) << "an empty query asks for nothing";
    EXPECT_EQ(call("POST", "/run/event?source=web").status, 415) << "an application's calls may have any";
}

TEST_F(by_hand, dead_events_are_removed_for_good) {
    const auto ids = bury(4);
    EXPECT_EQ(call("DELETE", "/v1/events/" + ids[0]).json(), json({{"discarded", 1}, {"remaining", 0}}));
    EXPECT_EQ(state_of(ids[0]), "gone");
    EXPECT_EQ(result_of("/v1/discard", {{"state", "dead"}, {"userId", "user-1"}}).value("discarded", 0), 1);
    EXPECT_EQ(result_of("/v1/discard", {{"state", "dead"}}).value("discarded", 0), 2);
    daemon.kill9();
    daemon.start();
    for (const std::string& id : ids)
        EXPECT_EQ(state_of(id), "gone");
    EXPECT_EQ(daemon.status().at("totals").at("discarded"), 4);
    expect_accounts_close();
}

TEST_F(by_hand, pending_events_are_removed_and_never_sent) {
    ASSERT_EQ(call("POST", "/v1/pause").status, 200);
    std::vector<std::string> ids;
    for (int n = 0; n < 20; ++n)
        ids.push_back(daemon.post(event(n % 2 == 0 ? "away" : "stays", "user-" + std::to_string(n % 3))));
    EXPECT_EQ(call("DELETE", "/v1/events/" + ids[0]).json().value("discarded", 0), 1);
    const json told = result_of("/v1/discard", {{"state", "pending"}, {"event", "away"}});
    EXPECT_EQ(told, json({{"discarded", 9}, {"remaining", 0}, {"continue", nullptr}}));
    ASSERT_EQ(call("POST", "/v1/resume").status, 200);
    ASSERT_TRUE(daemon.wait_until_drained());
    EXPECT_EQ(upstream.requests().size(), 10U);
    for (const recorded_request& each : upstream.requests())
        EXPECT_EQ(json::parse(each.body).value("event", ""), "stays");
    expect_accounts_close();
}

TEST_F(by_hand, what_is_told_to_be_removed_stays_so_over_a_kill) {
    ASSERT_EQ(call("POST", "/v1/pause").status, 200);
    for (int round = 0; round < 5; ++round) {
        for (int user = 0; user < 200; ++user)
            daemon.post(event("E", "user-" + std::to_string(user)));
        const json told = result_of("/v1/discard", {{"state", "pending"}});
        daemon.kill9();
        EXPECT_EQ(told.value("discarded", 0), 200);
        daemon.start();
        ASSERT_EQ(daemon.status().at("queue").at("pending"), 0);
    }
}

TEST_F(by_hand, an_event_in_flight_is_not_removed) {
    upstream.answer_with({does(answer_step::kind::silent)});
    const std::string flying = daemon.post(event("E", "u"));
    const std::string behind = daemon.post(event("E", "u"));
    ASSERT_TRUE(upstream.wait_for_requests(1));
    const http_answer refused = call("DELETE", "/v1/events/" + flying);
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.json().value("type", ""), "urn:posthaste:problem:in-flight");
    EXPECT_EQ(result_of("/v1/discard", {{"state", "pending"}}),
              json({{"discarded", 1}, {"remaining", 1}, {"continue", nullptr}}));
    EXPECT_EQ(state_of(behind), "gone");
    EXPECT_EQ(state_of(flying), "pending");
    daemon.kill9();
}

TEST_F(by_hand, a_wrong_filter_does_nothing) {
    const std::string id = bury(1).at(0);
    for (const auto& [path, body] : std::vector<std::pair<std::string, json>>{
             {"/v1/retry", {{"evnt", "E"}}}, {"/v1/discard", json::object()}, {"/v1/discard", {{"state", "all"}}}}) {
        const http_answer refused = call("POST", path, body);
        EXPECT_EQ(refused.status, 422) << refused.body;
        EXPECT_EQ(refused.json().value("type", ""), "urn:posthaste:problem:invalid-filter");
    }
    EXPECT_EQ(state_of(id), "dead");
}

// An idle daemon must not go on looking for what is not there any more.
TEST_F(by_hand, the_newest_event_can_be_removed_while_nothing_else_is_pending) {
    ASSERT_EQ(call("POST", "/v1/pause").status, 200);
    const std::string id = daemon.post(event("E", "u"));
    EXPECT_EQ(call("DELETE", "/v1/events/" + id).status, 200);
    ASSERT_EQ(call("POST", "/v1/resume").status, 200);
    const std::string next = daemon.post(event("E", "u"));
    EXPECT_TRUE(daemon.wait_for_state(next, "delivered"));
}

}  // namespace
}  // namespace posthaste
