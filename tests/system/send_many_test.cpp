// `posthaste send --ndjson`: what goes in which request, what is told, and that nothing is stored twice.
//
// Where the daemon must answer in a certain way, a stand-in for it does: it keeps the requests, too.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/terminal_session.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::vector<std::string> command(const std::string& server, std::vector<std::string> more) {
    more.insert(more.begin(), {posthaste_binary(), "send", "--server", server, "--ndjson"});
    return more;
}

finished send(const std::string& server, std::vector<std::string> more, const std::string& input = {}) {
    return run_to_end({command(server, std::move(more)), {}, {}, input});
}

std::string event(int number) {
    return R"({"event": "E", "userId": "u", "data": {"n": )" + std::to_string(number) + "}}";
}

std::string events(int first, int last) {
    std::string lines;
    for (int number = first; number <= last; ++number)
        lines += event(number) + "\n";
    return lines;
}

// What the daemon answers to a batch of so many.
answer_step queued(std::size_t count) {
    return {.status = 202,
            .body = json{{"message", ""}, {"ids", std::vector<std::string>(count, "id")}}.dump(),
            .headers = {}};
}

answer_step busy(const std::string& retry_after) {
    return {.status = 503, .body = R"({"detail": "The queue is full."})", .headers = {{"Retry-After", retry_after}}};
}

struct stand_in : testing::Test {
    stand_in() { daemon.start(); }

    std::vector<std::string> keys() {
        std::vector<std::string> found;
        for (const auto& request : daemon.requests())
            found.push_back(request.field("Idempotency-Key"));
        return found;
    }

    const temp_folder folder;
    const std::string file = folder.write("events.ndjson", events(1, 2500));
    upstream_process daemon;
};

TEST_F(stand_in, gets_the_lines_in_order_a_thousand_a_request_each_with_a_key) {
    daemon.answer_with({queued(1000), queued(1000), queued(500)});
    const auto ended = send(daemon.url(), {file, "--idempotency-key", "k"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "queued 2,500 events\n");
    ASSERT_EQ(daemon.requests().size(), 3U);
    EXPECT_EQ(daemon.requests()[0].body, events(1, 1000));
    EXPECT_EQ(daemon.requests()[1].body, events(1001, 2000));
    EXPECT_EQ(daemon.requests()[2].body, events(2001, 2500));
    EXPECT_EQ(daemon.requests()[0].path, "/run/events");
    EXPECT_EQ(daemon.requests()[0].field("Content-Type"), "application/x-ndjson");
    EXPECT_THAT(keys(), ElementsAre("k-1", "k-2", "k-3"));
}

TEST_F(stand_in, gets_another_key_with_each_run_where_none_is_given) {
    daemon.answer_with({queued(1)});
    EXPECT_EQ(send(daemon.url(), {"-"}, event(1)).status, 0);
    EXPECT_EQ(send(daemon.url(), {"-"}, event(1)).status, 0);
    ASSERT_EQ(keys().size(), 2U);
    EXPECT_THAT(keys()[0], MatchesRegex("[0-9a-f]{32}-1"));
    EXPECT_NE(keys()[0], keys()[1]);
}

TEST_F(stand_in, is_given_the_time_that_it_asks_for) {
    daemon.answer_with({queued(1000), busy("0"), busy("0"), queued(1000), queued(500)});
    const auto ended = send(daemon.url(), {file, "--idempotency-key", "k"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "queued 2,500 events\n");
    EXPECT_EQ(ended.error, "posthaste send: waiting, and going on by itself: The queue is full.\n") << "told once";
    EXPECT_THAT(keys(), ElementsAre("k-1", "k-2", "k-2", "k-2", "k-3"));
}

TEST_F(stand_in, gets_a_request_again_with_its_key_where_the_connection_was_cut_off) {
    auto replayed = queued(1000);
    replayed.headers = {{"Idempotency-Replayed", "true"}};
    daemon.answer_with(
        {queued(1000), does(answer_step::kind::drop), does(answer_step::kind::cut), replayed, queued(500)});
    const auto ended = send(daemon.url(), {file, "--idempotency-key", "k"});
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "queued 2,500 events\n") << "what was stored by this run is no earlier one's";
    EXPECT_THAT(keys(), ElementsAre("k-1", "k-2", "k-2", "k-2", "k-3"));
}

TEST_F(stand_in, that_is_gone_leaves_what_may_be_queued_to_the_key) {
    daemon.answer_with({queued(1000), does(answer_step::kind::drop)});
    const auto ended = send(daemon.url(), {file, "--idempotency-key", "k"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.error, EndsWith("; 1,000 events were queued, those from " + file +
                                      ":1001 on may be, and the rest was not sent. Go on with --idempotency-key k, and "
                                      "what is queued is not queued again\n"));
}

TEST_F(stand_in, that_refuses_a_repeat_leaves_what_may_be_queued_to_the_key) {
    daemon.answer_with({queued(1000), does(answer_step::kind::drop), answers(401)});
    const auto ended = send(daemon.url(), {file, "--idempotency-key", "k"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, EndsWith("1,000 events were queued, those from " + file +
                                      ":1001 on may be, and the rest was not sent. Go on with --idempotency-key k, and "
                                      "what is queued is not queued again\n"));
}

TEST_F(stand_in, that_is_interrupted_leaves_the_number_of_events_that_were_queued) {
    daemon.answer_with({queued(1000), busy("3600")});
    process sending({command(daemon.url(), {file, "--idempotency-key", "k", "--json"}), {}, {}, {}});
    ASSERT_TRUE(sending.wait_for_output("waiting, and going on by itself")) << sending.output();
    sending.signal(SIGINT);
    EXPECT_EQ(sending.wait(), 1);
    EXPECT_THAT(sending.standard_error(), EndsWith("posthaste send: interrupted; 1,000 events were queued, and what "
                                                   "stands from " +
                                                   file +
                                                   ":1001 on was not. Go on with --idempotency-key k, and what is "
                                                   "queued is not queued again\n"));
    EXPECT_EQ(json::parse(sending.standard_output()),
              (json{{"complete", false}, {"queued", 1000}, {"replayed", 0}, {"idempotencyKey", "k"}}));
}

TEST_F(stand_in, is_followed_by_a_bar_on_a_terminal) {
    daemon.answer_with({queued(1000), busy("3600")});
    process sending(on_a_terminal(daemon.url(), "send --ndjson " + file, {.environment = {{"NO_COLOR", "1"}}}));
    EXPECT_TRUE(sending.wait_for_output("\r[--------------------]   0 %  0 of 2,500\x1b[K")) << sending.output();
    EXPECT_TRUE(sending.wait_for_output("\r[########------------]  40 %  1,000 of 2,500")) << sending.output();
}

TEST_F(stand_in, that_is_another_program_is_told) {
    daemon.answer_with({queued(1)});
    const auto ended = send(daemon.url(), {file});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, HasSubstr("is it another program?"));
}

TEST(send_many, delivers_each_line_with_its_bytes) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const auto ended = send(daemon.url(), {"-"}, "\n" + event(1) + "\r\n\r\n " + event(2) + " \n\n" + event(3));
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "queued 3 events\n");
    ASSERT_TRUE(upstream.wait_for_requests(3));
    EXPECT_EQ(upstream.requests()[0].body, event(1));
    EXPECT_EQ(upstream.requests()[1].body, event(2)) << "without the space around it";
    EXPECT_EQ(upstream.requests()[2].body, event(3));
    EXPECT_EQ(send(daemon.url(), {"-"}, "\n").output, "queued 0 events\n");
}

struct many : testing::Test {
    many() { daemon.start(); }

    const temp_folder folder;
    daemon_under_test daemon{"http://127.0.0.1:9", {{"events", {{"E", {{"n", "Integer"}}}}}}};
};

TEST_F(many, are_queued_once_where_they_are_sent_twice_with_a_key) {
    const auto file = folder.write("events.ndjson", events(1, 1500));
    EXPECT_EQ(send(daemon.url(), {file, "--idempotency-key", "k"}).output, "queued 1,500 events\n");
    EXPECT_EQ(send(daemon.url(), {file, "--idempotency-key", "k"}).output,
              "queued 0 events, 1,500 had been queued before with this --idempotency-key\n");
    folder.write("events.ndjson", events(1, 2100));
    EXPECT_EQ(send(daemon.url(), {file, "--idempotency-key", "other", "--json"}).status, 0);
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 3600);
}

TEST_F(many, stop_at_a_line_that_is_wrong_and_go_on_once_it_is_right) {
    const auto file = folder.write(
        "events.ndjson", events(1, 1002) + "\n" + R"({"event": "E", "userId": null, "data": {"n": "x"}})" + "\n" +
                             R"({"event": "E", "userId": "u", "data": {"n": "x"}})" + "\n" + events(1005, 1007));
    const auto ended = send(daemon.url(), {file, "--idempotency-key", "k"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.error, StartsWith(file + ":1004: /userId is null: "));
    EXPECT_THAT(
        ended.error,
        EndsWith("\n" + file +
                 ":1005: /data/n is a string (expected a whole number)\nposthaste send: 1,000 events were "
                 "queued, and what stands from " +
                 file + ":1001 on was not. Go on with --idempotency-key k, and what is queued is not queued again\n"));
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 1000);
    folder.write("events.ndjson", events(1, 1007));
    EXPECT_EQ(send(daemon.url(), {file, "--idempotency-key", "k"}).output,
              "queued 7 events, 1,000 had been queued before with this --idempotency-key\n");
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 1007);
}

TEST_F(many, have_the_place_of_malformed_json_told) {
    const auto ended = send(daemon.url(), {"-"}, event(1) + "\n\n{\"event\": \"E\",}\n");
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error,
                MatchesRegex("standard input:3:15: malformed JSON: [^\n]+\nposthaste send: 0 events were queued, and "
                             "what stands from standard input:1 on was not\n"));
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 0);
}

TEST(send_many, says_what_to_do_when_no_daemon_runs) {
    upstream_process reserved;  // holds a port that nobody listens on
    const auto ended = send(reserved.url(), {"-"}, event(1));
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.error, "posthaste send: posthaste is not running at " + reserved.url() +
                               " (connection refused): start it with posthaste run, or name it with --server; 0 events "
                               "were queued, and what stands from standard input:1 on was not\n");
}

TEST(send_many, is_a_usage_error_beside_what_belongs_to_one_event) {
    const std::vector<std::vector<std::string>> wrong{
        {"-", "E"}, {"-", "--user", "1"}, {"-", "--data", "{}"}, {"-", "--wait", "1s"}, {"/nowhere/to/be/found"}};
    for (const auto& arguments : wrong) {
        const auto ended = send("http://127.0.0.1:9", arguments, event(1));
        EXPECT_EQ(ended.status, 2) << ended.error;
        EXPECT_THAT(ended.error, HasSubstr("posthaste send: --ndjson: "));
    }
    const auto long_key = send("http://127.0.0.1:9", {"-", "--idempotency-key", std::string(236, 'k')});
    EXPECT_EQ(long_key.status, 2);
    EXPECT_THAT(long_key.error, HasSubstr("at most 235 characters"));
}

}  // namespace
}  // namespace posthaste
