// The upstream's own Node.js SDK (alloy-node) works unmodified with posthaste in the upstream's place.

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/node_script.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;

struct sdk : testing::Test {
    sdk() {
        upstream.start();
        answer_step ada;
        ada.body = R"({"userId": "7", "username": "ada"})";
        upstream.answer_where("/users/ada", {ada});
        answer_step nobody = answers(404);
        nobody.body = R"({"message": "There is no such user"})";
        upstream.answer_where("/users/nobody", {nobody});
    }

    void expect(const std::vector<json>& steps) const {
        expect_nothing_wrong("sdk.mjs", {daemon.url(), json(steps).dump()});
    }
    static json identify(const std::string& name, const std::string& user) {
        return {{"do", "identify"}, {"name", name}, {"gives", user}};
    }
    static json identify_fails(const std::string& name, const std::string& with) {
        return {{"do", "identify"}, {"name", name}, {"throws", with}};
    }
    static json event(const json& data) {
        return {{"do", "event"}, {"name", "Ticket Created"}, {"data", data}, {"gives", "Event queued"}};
    }

    upstream_process upstream;
    daemon_under_test daemon{
        upstream.url(),
        {{"events", {{"Ticket Created", {{"ticketName", "String"}}}}}, {"identify", {{"max_age", "0s"}}}}};
};

TEST_F(sdk, identifies_a_user_and_sends_its_event) {
    POSTHASTE_NEEDS_NODE();
    daemon.start();
    expect({identify("ada", "7"), event({{"ticketName", "t"}})});
    ASSERT_TRUE(daemon.wait_until_drained());
    ASSERT_EQ(upstream.requests().size(), 2U) << "the question for the user, and the event";
    const recorded_request& sent = upstream.requests().back();
    EXPECT_EQ(sent.path, "/2023-01/run/event");
    EXPECT_EQ(sent.body, R"({"event":"Ticket Created","userId":"7","data":{"ticketName":"t"}})");
    EXPECT_EQ(sent.field("Authorization"), "Bearer " + std::string(daemon_under_test::api_key));
}

TEST_F(sdk, throws_what_a_refusal_says) {
    POSTHASTE_NEEDS_NODE();
    daemon.start();
    const json mismatch = {{"do", "event"}, {"name", "Ticket Created"}, {"data", {{"ticketName", 1}}}};
    json unidentified = mismatch;
    unidentified["throws"] = "call identify() first";
    json wrong = mismatch;
    wrong["throws"] = "/data/ticketName";
    expect({unidentified, identify("ada", "7"), wrong, identify_fails("nobody", "There is no such user")});
    EXPECT_EQ(daemon.status().at("totals").at("accepted"), 0);
}

TEST_F(sdk, works_through_an_outage_for_users_that_are_known) {
    POSTHASTE_NEEDS_NODE();
    daemon.start();
    expect({identify("ada", "7")});
    upstream.stop();
    expect({identify("ada", "7"), event({{"ticketName", "during the outage"}}),
            identify_fails("somebody", "the upstream cannot be asked")});
    upstream.start();
    EXPECT_TRUE(daemon.wait_until_drained());
}

TEST_F(sdk, works_with_a_refused_key_for_users_that_are_known) {
    POSTHASTE_NEEDS_NODE();
    daemon.start();
    expect({identify("ada", "7")});
    upstream.answer_where("/users/ada", {answers(401)});
    upstream.answer_with({answers(401)});
    expect({identify("ada", "7"), event({{"ticketName", "t"}}), identify_fails("somebody", "cannot be asked")});
}

}  // namespace
}  // namespace posthaste
