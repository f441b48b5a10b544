// `posthaste status`: what it tells, on a terminal and elsewhere, and its exit codes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/terminal_session.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

finished status(const daemon_under_test& daemon, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {posthaste_binary(), "status", "--server", daemon.url()});
    return run_to_end({std::move(more), {}, {}, {}});
}

TEST(status_command, tells_the_state_at_a_glance) {
    daemon_under_test daemon;  // no upstream
    daemon.start();
    daemon.post(sample_event());
    ASSERT_FALSE(daemon.wait_for_upstream("open").is_null());
    const auto told = status(daemon);
    EXPECT_EQ(told.status, 0) << told.error;
    EXPECT_THAT(told.output, ContainsRegex("^posthaste  [0-9.]+, up for about [0-9]+ s: ready to take events\n"));
    EXPECT_THAT(told.output, HasSubstr("\nupstream   the upstream has been failing since "));
    EXPECT_THAT(told.output, HasSubstr("; it is tried again at "));
    EXPECT_THAT(told.output, HasSubstr("\nqueue      1 pending, of which "));
    EXPECT_THAT(told.output, HasSubstr("\ntotals     1 accepted = 0 delivered + 1 pending + 0 dead "));
    EXPECT_THAT(told.output, Not(HasSubstr("\x1b"))) << "this is no terminal";
    const auto facts = json::parse(status(daemon, {"--json"}).output);
    EXPECT_EQ(facts["queue"]["pending"], 1);
    EXPECT_EQ(facts["upstream"]["state"], "open");
    EXPECT_EQ(facts["ready"], true);
    EXPECT_EQ(facts["notReadyBecause"], json::array());
}

TEST(status_command, fails_and_says_why_when_no_event_can_be_taken) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"queue", {{"max_events", 1}}}});
    daemon.start();
    daemon.post(sample_event());
    ASSERT_TRUE(wait_until([&] { return http_call(daemon.port(), "GET", "/readyz")->status == 503; }));
    const auto told = status(daemon);
    EXPECT_EQ(told.status, 1);
    EXPECT_EQ(told.error, "");
    EXPECT_THAT(told.output, HasSubstr(": NOT READY to take events: the queue is full; "));
    const auto as_json = status(daemon, {"--json"});
    EXPECT_EQ(as_json.status, 1);
    EXPECT_EQ(json::parse(as_json.output)["notReadyBecause"], json({"queue-full"}));
}

TEST(status_command, fits_a_narrow_terminal_and_has_colour_there_unless_none_is_wanted) {
    daemon_under_test daemon;
    daemon.start();
    const auto narrow = run_to_end(on_a_terminal(daemon.url(), "status", {.columns = 40}));
    EXPECT_EQ(narrow.status, 0);
    EXPECT_THAT(narrow.output, StartsWith("\x1b[32mposthaste\x1b[0m  "));
    const auto plain =
        run_to_end(on_a_terminal(daemon.url(), "status", {.columns = 40, .environment = {{"NO_COLOR", "1"}}}));
    EXPECT_THAT(plain.output, Not(HasSubstr("\x1b")));
    for (std::size_t at = 0; at < plain.output.size();) {
        const auto end = plain.output.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LT(end - at, 40U) << plain.output.substr(at, end - at);
        at = end + 2;
    }
}

TEST(status_command, redraws_in_place_and_goes_on_when_the_daemon_comes_back) {
    daemon_under_test daemon;
    daemon.start();
    process watching(on_a_terminal(daemon.url(), "status --watch", {.columns = 1000}));
    ASSERT_TRUE(watching.wait_for_output("queue      nothing is pending\x1b[K\r\n")) << watching.output();
    daemon.post(sample_event());
    // Eight lines up, and each of them anew.
    EXPECT_TRUE(watching.wait_for_output("\x1b[8A\r\x1b[32mposthaste\x1b[0m  "));
    EXPECT_TRUE(watching.wait_for_output("queue      1 pending, "));
    daemon.kill9();
    EXPECT_TRUE(watching.wait_for_output("\x1b[8A\r\x1b[31mGONE\x1b[0m       posthaste is not running at "));
    EXPECT_TRUE(
        watching.wait_for_output("; looking again\x1b[K\r\nposthaste  as it was seen last:\x1b[K\r\nupstream   "))
        << "no green of what is past";
    daemon.configure({{"listen", {{"addresses", {"127.0.0.1:" + std::to_string(daemon.port())}}}}});
    daemon.start();
    EXPECT_TRUE(watching.wait_for_output("\x1b[9A\r\x1b[32mposthaste\x1b[0m  "));
    EXPECT_TRUE(watching.wait_for_output("\x1b[K\r\n\x1b[J")) << "the ninth line stays";
    EXPECT_FALSE(watching.ended());
}

TEST(status_command, leaves_out_what_a_low_terminal_has_no_room_for) {
    daemon_under_test daemon;
    daemon.start();
    process watching(on_a_terminal(daemon.url(), "status --watch", {.columns = 1000, .rows = 4}));
    EXPECT_TRUE(watching.wait_for_output("\x1b[3A\r\x1b[32mposthaste")) << watching.output();
    EXPECT_THAT(watching.output(), Not(HasSubstr("dead ")));
}

TEST(status_command, watches_as_json_anywhere_until_it_is_interrupted) {
    daemon_under_test daemon;
    daemon.start();
    process watching({{posthaste_binary(), "status", "--watch", "--json", "--server", daemon.url()}, {}, {}, {}});
    ASSERT_TRUE(watching.wait_for_pattern(std::regex("\\}\n\\{")));
    watching.signal(SIGINT);
    EXPECT_EQ(watching.wait(), 0);
    const std::string first = watching.standard_output().substr(0, watching.standard_output().find('\n'));
    EXPECT_EQ(json::parse(first)["ready"], true);
}

TEST(status_command, does_not_watch_where_nothing_can_be_redrawn) {
    const auto piped = run_to_end({{posthaste_binary(), "status", "--watch"}, {}, {}, {}});
    EXPECT_EQ(piped.status, 2);
    EXPECT_THAT(piped.error, StartsWith("posthaste status: --watch redraws a terminal, and this is none that can"));
    const auto dumb =
        run_to_end(on_a_terminal("http://127.0.0.1:9", "status --watch", {.environment = {{"TERM", "dumb"}}}));
    EXPECT_EQ(dumb.status, 2);
}

}  // namespace
}  // namespace posthaste
