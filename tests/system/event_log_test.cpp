// What the log says of single events: at debug all that happens to one, by its id; of one that died, always.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/backlog.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

const json at_debug = {{"log", {{"level", "debug"}}}, {"delivery", {{"retry", {{"initial", "50ms"}}}}}};

// What follows "event ID (NAME): " in the lines about that one, in order.
std::vector<std::string> path_of(const std::string& id, const std::string& log) {
    const std::string start = "event " + id + " (Ticket Created): ";
    std::vector<std::string> said;
    for (std::size_t at = log.find(start); at != std::string::npos; at = log.find(start, at + 1))
        said.push_back(log.substr(at + start.size(), log.find('\n', at) - at - start.size()));
    return said;
}

int call(const daemon_under_test& daemon, std::string_view method, const std::string& path) {
    const auto answer = http_call(daemon.port(), method, path);
    return answer ? answer->status : 0;
}

TEST(event_log, follows_an_event_from_the_commit_to_its_delivery) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(500), answers(200)});
    daemon_under_test daemon(upstream.url(), at_debug);
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.log();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(
        path_of(id, daemon.log()),
        ElementsAre("stored", "attempt 1 starts", "answered 500", MatchesRegex("to be sent again, due at 20.*Z"),
                    "attempt 2 starts", "answered 200", "delivered, after 2 attempts"));
}

TEST(event_log, follows_a_dead_event_that_is_sent_again_and_one_that_is_discarded) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(400), answers(400), answers(200)});
    daemon_under_test daemon(upstream.url(), at_debug);
    daemon.start();
    const std::string retried = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(retried, "dead")) << daemon.log();
    const std::string discarded = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(discarded, "dead")) << daemon.log();
    EXPECT_EQ(call(daemon, "DELETE", "/v1/events/" + discarded), 200);
    EXPECT_EQ(call(daemon, "POST", "/v1/events/" + retried + "/retry"), 200);
    ASSERT_TRUE(daemon.wait_for_state(retried, "delivered")) << daemon.log();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(path_of(retried, daemon.log()),
                ElementsAre("stored", "attempt 1 starts", "answered 400", "dead: rejected", "sent again by hand",
                            "attempt 1 starts", "answered 200", "delivered, after 1 attempt"));
    EXPECT_THAT(path_of(discarded, daemon.log()),
                ElementsAre("stored", "attempt 1 starts", "answered 400", "dead: rejected", "discarded by hand"));
}

TEST(event_log, follows_one_that_waits_and_is_hastened_and_then_discarded) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(500)});
    daemon_under_test daemon(
        upstream.url(), {{"log", {{"level", "debug"}}}, {"delivery", {{"retry", {{"initial", "1h"}, {"max", "2h"}}}}}});
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(wait_until([&] { return daemon.event(id).at("attempts") == 1; })) << daemon.log();
    EXPECT_EQ(call(daemon, "POST", "/v1/events/" + id + "/retry"), 200);
    ASSERT_TRUE(wait_until([&] { return daemon.event(id).at("attempts") == 2; })) << daemon.log();
    EXPECT_EQ(call(daemon, "DELETE", "/v1/events/" + id), 200);
    EXPECT_EQ(daemon.stop(), 0);
    const auto said = path_of(id, daemon.log());
    EXPECT_THAT(said, testing::Contains("due now, by hand"));
    ASSERT_FALSE(said.empty());
    EXPECT_EQ(said.back(), "discarded by hand");
}

TEST(event_log, follows_one_whose_key_was_replaced_while_it_was_under_way) {
    const temp_folder folder;
    const std::string file = folder.write("key", "first-key");
    upstream_process upstream;
    upstream.start();
    answer_step late = answers(401);
    late.after = std::chrono::milliseconds{sanitized ? 8000 : 1500};
    upstream.answer_with({late, answers(200)});
    json changes = at_debug;
    changes["upstream"]["api_key_file"] = file;
    daemon_under_test daemon(upstream.url(), changes);
    daemon.start();
    const std::string id = daemon.post(sample_event());
    ASSERT_TRUE(upstream.wait_for_requests(1)) << daemon.log();
    folder.write("key", "second-key");
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    EXPECT_TRUE(daemon.status().at("upstream").at("lastError").is_null()) << "it was the old key's";
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(
        path_of(id, daemon.log()),
        ElementsAre("stored", "attempt 1 starts", "answered 401", "to be sent again, with the key that is used now",
                    "attempt 2 starts", "answered 200", "delivered, after 1 attempt"));
}

TEST(event_log, names_imported_events_and_nothing_above_debug) {
    daemon_under_test daemon("http://127.0.0.1:9", at_debug);
    daemon.start();
    import_backlog(daemon, events_of_users(3, 1));
    EXPECT_TRUE(wait_until([&] { return count_in(daemon.log(), "): imported") == 3; })) << daemon.log();

    upstream_process upstream;
    upstream.start();
    daemon_under_test quiet(upstream.url());
    quiet.start();
    const std::string id = quiet.post(sample_event());
    ASSERT_TRUE(quiet.wait_for_state(id, "delivered")) << quiet.log();
    EXPECT_EQ(quiet.stop(), 0);
    EXPECT_THAT(quiet.log(), testing::Not(HasSubstr(id)));
}

TEST(event_log, names_an_event_that_died_of_damage) {
    daemon_under_test daemon;
    daemon.start();
    const std::string id = daemon.post(sample_event());
    EXPECT_EQ(daemon.stop(), 0);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(daemon.outbox_path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "UPDATE events SET body = x'00'", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    daemon.start();
    EXPECT_TRUE(daemon.wait_for_state(id, "dead")) << daemon.event(id) << daemon.log();
    EXPECT_TRUE(daemon.running().wait_for_output("event " + id + " (Ticket Created) is dead: damaged, status none"))
        << daemon.log();
}

}  // namespace
}  // namespace posthaste
