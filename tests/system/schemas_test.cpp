// "schemas": what becomes of data that does not fit its event's schema, in each of the three modes, through a reload.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string misfit = R"({"event": "Ticket Created", "userId": "1", "data": {"ticketName": 4711, "n": "s3cret"}})";
const std::string warning =
    "data that was posted for \"Ticket Created\" does not fit its schema, which does not stop it as \"schemas\" is "
    "\"warn\": /data/ticketName is a number (expected a string); /data/n is a string (expected a whole number)";

json configuration(const std::string& mode) {
    return {{"events", {{"Ticket Created", {{"ticketName", "String"}, {"n", "Integer?"}}}}}, {"schemas", mode}};
}

int status_of(const daemon_under_test& daemon, std::string_view body, std::string_view path = "/run/event",
              const std::string& type = "application/json") {
    const auto answer = http_call(daemon.port(), "POST", path, {{"Content-Type", type}}, body);
    return answer ? answer->status : 0;
}

std::size_t warnings_in(const std::string& log) {
    std::size_t count = 0;
    for (auto at = log.find(warning); at != std::string::npos; at = log.find(warning, at + 1))
        ++count;
    return count;
}

void reload_to(daemon_under_test& daemon, const std::string& mode) {
    const auto before = daemon.status()["configuration"]["loadedAt"];
    daemon.configure({{"schemas", mode}});
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["configuration"]["loadedAt"] != before; })) << daemon.log();
}

TEST(schemas, that_warn_let_an_event_pass_and_tell_it_without_a_value) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url(), configuration("warn"));
    daemon.start();
    EXPECT_NE(daemon.post(misfit), "");
    ASSERT_TRUE(upstream.wait_for_requests(1));
    EXPECT_EQ(upstream.requests()[0].body, misfit);
    ASSERT_TRUE(daemon.running().wait_for_output(warning)) << daemon.log();
    for (const char* value : {"4711", "s3cret"})
        EXPECT_THAT(daemon.log(), Not(HasSubstr(value)));
}

TEST(schemas, that_warn_tell_a_batch_in_one_line) {
    daemon_under_test daemon("http://127.0.0.1:9", configuration("warn"));
    daemon.start();
    EXPECT_EQ(status_of(daemon, misfit + "\n" + misfit + "\n" + misfit, "/run/events", "application/x-ndjson"), 202);
    EXPECT_EQ(status_of(daemon, "[" + misfit + "]", "/run/events"), 202);
    EXPECT_EQ(daemon.status()["queue"]["pending"], 4);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(warnings_in(daemon.log()), 1U) << daemon.log();
    EXPECT_THAT(daemon.log(),
                HasSubstr("3 more events that were posted for \"Ticket Created\" did not fit its schema"));
}

TEST(schemas, that_warn_leave_unknown_events_rejected_where_they_are_to_be) {
    auto strict = configuration("warn");
    strict["unknown_events"] = "reject";
    strict["unknown_fields"] = "reject";
    daemon_under_test daemon("http://127.0.0.1:9", strict);
    daemon.start();
    const auto refused = post_event(daemon.port(), R"({"event": "Ticket Craeted", "userId": "1", "data": {}})");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 422);
    EXPECT_EQ(refused->json()["type"], "urn:posthaste:problem:unknown-event");
    EXPECT_EQ(status_of(daemon, R"({"event": "Ticket Created", "data": {}})"), 422) << "no userId: this is no event";
    const std::string with_more = R"({"event": "Ticket Created", "userId": "1", "data": {"ticketName": "a", "x": 1}})";
    EXPECT_EQ(status_of(daemon, with_more), 202) << "an unknown field is a matter of the schema";
    EXPECT_TRUE(daemon.running().wait_for_output("/data/x is not in the schema")) << daemon.log();
}

TEST(schemas, change_their_mode_with_a_reload) {
    daemon_under_test daemon("http://127.0.0.1:9", configuration("enforce"));
    daemon.start();
    EXPECT_EQ(status_of(daemon, misfit), 422);
    reload_to(daemon, "warn");
    EXPECT_EQ(status_of(daemon, misfit), 202);
    ASSERT_TRUE(daemon.running().wait_for_output(warning)) << daemon.log();
    reload_to(daemon, "off");
    EXPECT_EQ(status_of(daemon, misfit), 202);
    reload_to(daemon, "enforce");
    EXPECT_EQ(status_of(daemon, misfit), 422);
    EXPECT_EQ(warnings_in(daemon.log()), 1U) << "in the other modes nothing is told";
    reload_to(daemon, "warn");
    EXPECT_EQ(status_of(daemon, misfit), 202);
    EXPECT_TRUE(wait_until([&] { return warnings_in(daemon.log()) == 2; })) << "told anew after a reload";
}

}  // namespace
}  // namespace posthaste
