// `posthaste pause`, `resume` and `drain`: what they print, on a terminal and elsewhere, and their exit codes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/terminal_session.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

finished posthaste(const daemon_under_test& daemon, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), posthaste_binary());
    return run_to_end({std::move(arguments), {{"POSTHASTE_SERVER", daemon.url()}}, {}, {}});
}

// Answers each event once the test has waited long enough for a few looks.
void answer_late(upstream_process& upstream, std::chrono::milliseconds after) {
    answer_step late;
    late.after = after;
    upstream.answer_with({late});
}

TEST(drain_command, is_done_at_once_where_nothing_is_pending) {
    daemon_under_test daemon;
    daemon.start();
    const auto plain = posthaste(daemon, {"drain"});
    EXPECT_EQ(plain.status, 0) << plain.error;
    EXPECT_EQ(plain.output, "nothing is pending\n");
    const auto as_json = posthaste(daemon, {"drain", "--json"});
    EXPECT_EQ(as_json.status, 0);
    const auto told = json::parse(as_json.output);
    EXPECT_EQ(told["drained"], true);
    EXPECT_EQ(told["pending"], 0);
    EXPECT_EQ(told["upstream"]["state"], "up");
}

TEST(drain_command, waits_until_all_is_delivered) {
    upstream_process upstream;
    upstream.start();
    answer_late(upstream, std::chrono::milliseconds{400});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    for (int turn = 0; turn < 3; ++turn)
        daemon.post(sample_event("one user"));
    const auto ended = posthaste(daemon, {"drain", "--timeout", "60s"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "nothing is pending\n") << "no escape codes, no bar: this is no terminal";
    EXPECT_EQ(upstream.requests().size(), 3U);
}

TEST(drain_command, gives_up_after_its_time_and_tells_what_is_left_and_why) {
    daemon_under_test daemon;  // no upstream
    daemon.start();
    daemon.post(sample_event("a"));
    daemon.post(sample_event("b"));
    ASSERT_TRUE(wait_until([&] { return !daemon.status()["upstream"]["lastError"].is_null(); }));
    const auto ended = posthaste(daemon, {"drain", "--timeout", "100ms"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.error, StartsWith("posthaste drain: 2 events are still pending after 100ms; the upstream "));
    EXPECT_THAT(ended.error, HasSubstr("refused"));
    const auto told = json::parse(posthaste(daemon, {"drain", "--timeout", "100ms", "--json"}).output);
    EXPECT_EQ(told["drained"], false);
    EXPECT_EQ(told["pending"], 2);
}

TEST(drain_command, tells_who_paused_it) {
    daemon_under_test daemon;
    daemon.start();
    ASSERT_EQ(posthaste(daemon, {"pause"}).status, 0);
    daemon.post(sample_event());
    const auto ended = posthaste(daemon, {"drain", "--timeout", "100ms"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, HasSubstr("1 event is still pending after 100ms; delivering has been paused since "));
    EXPECT_THAT(ended.error, HasSubstr(": by-hand: "));
}

TEST(drain_command, says_what_to_do_when_no_daemon_runs) {
    upstream_process reserved;  // holds a port that nobody listens on
    const auto ended = run_to_end({{posthaste_binary(), "drain", "--server", reserved.url()}, {}, {}, {}});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, StartsWith("posthaste drain: posthaste is not running at "));
}

TEST(drain_command, refuses_a_timeout_that_is_none) {
    const auto ended = run_to_end({{posthaste_binary(), "drain", "--timeout", "10"}, {}, {}, {}});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.error, HasSubstr("--timeout: expected a duration with its unit, such as 10m"));
}

TEST(drain_command, redraws_a_bar_on_a_terminal_and_takes_it_away_at_the_end) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(503)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    daemon.post(sample_event("one user"));
    daemon.post(sample_event("one user"));
    process drain(on_a_terminal(daemon.url(), "drain"));
    EXPECT_TRUE(drain.wait_for_output("\r\x1b[32m[--------------------]\x1b[0m   0 %  0 of 2\x1b[K\r\x1b[32m["));
    upstream.answer_with({answers(200), answers(503)});
    EXPECT_TRUE(drain.wait_for_output(" 50 %  1 of 2")) << drain.output();
    upstream.answer_with({answers(200)});
    EXPECT_EQ(drain.wait(), 0);
    EXPECT_THAT(drain.output(), testing::EndsWith("\r\x1b[Knothing is pending\r\n"));
}

TEST(drain_command, has_no_colour_where_none_is_wanted_and_no_bar_on_a_dumb_terminal) {
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    const auto plain =
        run_to_end(on_a_terminal(daemon.url(), "drain --timeout 100ms", {.environment = {{"NO_COLOR", "1"}}}));
    EXPECT_EQ(plain.status, 1);
    EXPECT_THAT(plain.output, StartsWith("\r[--------------------]   0 %  0 of 1\x1b[K"));
    EXPECT_THAT(plain.output, Not(HasSubstr("\x1b[32m")));
    auto dumb = on_a_terminal(daemon.url(), "drain --timeout 100ms", {.environment = {{"TERM", "dumb"}}});
    EXPECT_THAT(run_to_end(std::move(dumb)).output, StartsWith("posthaste drain: 1 event is still pending"));
}

TEST(drain_command, says_so_when_the_daemon_goes_away) {
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    process drain(on_a_terminal(daemon.url(), "drain"));
    ASSERT_TRUE(drain.wait_for_output("0 of 1"));
    daemon.kill9();
    EXPECT_EQ(drain.wait(), 1);
    EXPECT_THAT(drain.output(), HasSubstr("posthaste drain: the daemon went away with 1 event pending, "));
}

// Whether the process has a handler of its own for the signal (proc(5)).
bool catches(pid_t process, int signal) {
    const std::string status = read_whole_file("/proc/" + std::to_string(process) + "/status");
    const auto at = status.find("SigCgt:");
    return at != std::string::npos && (std::stoull(status.substr(at + 7), nullptr, 16) >> (signal - 1) & 1) != 0;
}

TEST(drain_command, ends_on_an_interruption_with_what_is_left) {
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    process drain({{posthaste_binary(), "drain"}, {{"POSTHASTE_SERVER", daemon.url()}}, {}, {}});
    ASSERT_TRUE(wait_until([&] { return catches(drain.id(), SIGINT); }));
    drain.signal(SIGINT);
    EXPECT_EQ(drain.wait(), 1);
    EXPECT_THAT(drain.standard_error(), StartsWith("posthaste drain: 1 event is still pending; "));
}

TEST(pause_command, tells_the_new_state_and_so_does_resume) {
    daemon_under_test daemon;
    daemon.start();
    for (int turn = 0; turn < 2; ++turn) {  // it can be repeated
        const auto paused = posthaste(daemon, {"pause"});
        EXPECT_EQ(paused.status, 0) << paused.error;
        EXPECT_THAT(paused.output, MatchesRegex("delivering has been paused since [^\n]*: by-hand: [^\n]*\n"));
        EXPECT_EQ(daemon.status()["upstream"]["state"], "paused");
    }
    EXPECT_NE(daemon.post(sample_event()), "") << "accepting goes on";
    EXPECT_EQ(json::parse(posthaste(daemon, {"pause", "--json"}).output)["state"], "paused");
    const auto resumed = posthaste(daemon, {"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.error;
    EXPECT_THAT(resumed.output, Not(HasSubstr("paused")));
    EXPECT_NE(daemon.status()["upstream"]["state"], "paused");
}

TEST(pause_call, bears_a_small_body_and_refuses_other_methods) {
    daemon_under_test daemon;
    daemon.start();
    EXPECT_EQ(http_call(daemon.port(), "POST", "/v1/pause", {}, "{}")->status, 200);
    EXPECT_EQ(http_call(daemon.port(), "POST", "/v1/pause", {}, std::string(5000, 'x'))->status, 413);
    const auto wrong = http_call(daemon.port(), "GET", "/v1/resume");
    EXPECT_EQ(wrong->status, 405);
    EXPECT_EQ(wrong->header("allow"), "POST");
    EXPECT_EQ(daemon.status()["upstream"]["state"], "paused");
}

}  // namespace
}  // namespace posthaste
