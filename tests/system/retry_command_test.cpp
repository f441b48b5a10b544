// `posthaste retry` and `posthaste discard`: which events they change, what they tell, and what they ask.
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
using testing::StartsWith;

const std::string some_id = "01a208ef-347e-7c7a-8000-00000005cf15";

finished posthaste(const std::string& server, std::vector<std::string> words) {
    words.insert(words.begin(), posthaste_binary());
    return run_to_end({std::move(words), {{"POSTHASTE_SERVER", server}}, {}, {}});
}

// A daemon with events that the upstream refused, and from now on takes.
struct dead_events : testing::Test {
    dead_events() {
        upstream.start();
        upstream.answer_with({answers(422)});
        daemon.start();
        for (const char* name : {"A", "A", "B"})
            ids.push_back(daemon.post(json{{"event", name}, {"userId", "u"}, {"data", json::object()}}.dump()));
        for (const auto& id : ids)
            EXPECT_TRUE(daemon.wait_for_state(id, "dead"));
        upstream.answer_with({answers(200)});
    }

    [[nodiscard]] finished posthaste(std::vector<std::string> words) const {
        return posthaste::posthaste(daemon.url(), std::move(words));
    }
    [[nodiscard]] finished on_terminal(const std::string& words, const std::string& typed) const {
        return run_to_end(on_a_terminal(daemon.url(), words, {.typed = typed}));
    }
    [[nodiscard]] std::uint64_t count(const char* member, const char* group = "queue") const {
        return daemon.status()[group][member];
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
    std::vector<std::string> ids;
};

using retry_command = dead_events;

TEST_F(retry_command, sends_dead_events_again_by_their_ids) {
    const auto told = posthaste({"retry", ids[0], ids[2]});
    EXPECT_EQ(told.status, 0) << told.error;
    EXPECT_EQ(told.output, "retried 2 events\n");
    EXPECT_TRUE(daemon.wait_for_state(ids[0], "delivered"));
    EXPECT_TRUE(daemon.wait_for_state(ids[2], "delivered"));
    EXPECT_EQ(daemon.event(ids[1])["state"], "dead");
}

TEST_F(retry_command, tells_which_events_it_could_not_send_and_goes_on) {
    ASSERT_EQ(posthaste({"retry", ids[0]}).status, 0);
    ASSERT_TRUE(daemon.wait_for_state(ids[0], "delivered"));
    const auto told = posthaste({"retry", ids[0], some_id, ids[1]});
    EXPECT_EQ(told.status, 1);
    EXPECT_EQ(told.output, "retried 1 event\n");
    EXPECT_THAT(told.error, StartsWith("posthaste retry: Event " + ids[0] + " was delivered"));
    EXPECT_THAT(told.error, HasSubstr(" (409)\nposthaste retry: There is no event " + some_id));
    const auto as_json = json::parse(posthaste({"retry", some_id, ids[2], "--json"}).output);
    EXPECT_EQ(as_json["retried"], 1);
    EXPECT_EQ(as_json["failed"][0]["id"], some_id);
    EXPECT_EQ(as_json["failed"][0]["status"], 404);
}

TEST_F(retry_command, sends_all_dead_events_that_match) {
    EXPECT_EQ(posthaste({"retry", "--dead", "--event", "A", "--reason", "rejected"}).output, "retried 2 events\n");
    EXPECT_TRUE(daemon.wait_for_state(ids[1], "delivered"));
    EXPECT_EQ(daemon.event(ids[2])["state"], "dead");
    EXPECT_EQ(posthaste({"retry", "--dead", "--user", "nobody"}).output, "retried 0 events\n");
    EXPECT_EQ(json::parse(posthaste({"retry", "--dead", "--json"}).output), json({{"retried", 1}, {"remaining", 0}}));
    EXPECT_TRUE(daemon.wait_until_drained());
    EXPECT_EQ(count("dead"), 0U);
}

using discard_command = dead_events;

TEST_F(discard_command, asks_on_a_terminal_and_does_nothing_without_a_yes) {
    for (const char* typed : {"n\n", "\n", "yeah\n", ""}) {
        const auto told = on_terminal("discard --dead", typed);
        EXPECT_EQ(told.status, 1) << typed;
        EXPECT_THAT(told.output, HasSubstr("Discard all that is dead, 3 events, for good? [y/N] "));
        EXPECT_THAT(told.output, EndsWith("posthaste discard: nothing was discarded\r\n"));
    }
    EXPECT_EQ(count("dead"), 3U);
    const auto some = on_terminal("discard --dead --event A --reason rejected", "y\n");
    EXPECT_EQ(some.status, 0);
    EXPECT_THAT(some.output, HasSubstr("Of 3 events that are dead, discard those of the event \"A\" with the reason "
                                       "rejected for good? [y/N] "));
    EXPECT_THAT(some.output, EndsWith("discarded 2 events\r\n"));
    EXPECT_THAT(on_terminal("discard " + ids[2], "YES\n").output, HasSubstr("Discard 1 event for good? [y/N] "));
    EXPECT_EQ(count("dead"), 0U);
    EXPECT_EQ(count("discarded", "totals"), 3U);
}

TEST_F(discard_command, refuses_where_it_cannot_ask_unless_told_not_to) {
    const auto told = posthaste({"discard", "--dead"});
    EXPECT_EQ(told.status, 2);
    EXPECT_EQ(told.output, "");
    EXPECT_EQ(told.error,
              "posthaste discard: it asks before it removes anything, and there is no terminal to ask at: say "
              "--yes\n");
    EXPECT_EQ(count("dead"), 3U);
    EXPECT_EQ(posthaste({"discard", ids[0], "--yes"}).output, "discarded 1 event\n");
    EXPECT_EQ(posthaste({"discard", ids[0], "--yes"}).status, 1) << "it is not there any more";
    EXPECT_EQ(json::parse(posthaste({"discard", "--dead", "--yes", "--json"}).output),
              json({{"discarded", 2}, {"remaining", 0}}));
    EXPECT_EQ(count("dead"), 0U);
}

TEST_F(discard_command, takes_what_is_pending_too) {
    ASSERT_EQ(posthaste({"pause"}).status, 0);
    for (int turn = 0; turn < 3; ++turn)
        daemon.post(sample_event(turn == 0 ? "ada" : "bob"));
    EXPECT_EQ(posthaste({"discard", "--pending", "--user", "bob", "--yes"}).output, "discarded 2 events\n");
    EXPECT_EQ(count("pending"), 1U);
    EXPECT_EQ(count("dead"), 3U);
}

TEST(choice_of_events, is_checked_before_anything_is_done) {
    const auto refused = [](const std::vector<std::string>& words) {
        const auto told = posthaste("http://127.0.0.1:9", words);
        EXPECT_EQ(told.status, 2) << told.error;
        EXPECT_EQ(std::count(told.error.begin(), told.error.end(), '\n'), 1) << told.error;
        return told.error;
    };
    EXPECT_THAT(refused({"retry"}), HasSubstr("which events? Name them by their ids, or say --dead"));
    EXPECT_THAT(refused({"retry", "--event", "A"}), HasSubstr("which events?"));
    EXPECT_THAT(refused({"retry", some_id, "--dead"}), HasSubstr("say one of them"));
    EXPECT_THAT(refused({"retry", some_id, "--user", "1"}), HasSubstr("filters go with --dead"));
    EXPECT_THAT(refused({"retry", "x"}), HasSubstr("\"x\" is no event's id"));
    EXPECT_THAT(refused({"retry", "--dead", "--reason", "old"}), HasSubstr("expected rejected, expired or damaged"));
    EXPECT_THAT(refused({"discard", "--yes"}), HasSubstr("which events?"));
    EXPECT_THAT(refused({"discard", "--dead", "--pending"}), HasSubstr("say one of them"));
    EXPECT_THAT(refused({"discard", "--pending", "--reason", "expired"}), HasSubstr("--reason goes with --dead"));
    EXPECT_THAT(refused({"discard", "--dead", "--event", "", "--yes"}), HasSubstr("--event: it is empty"))
        << "an empty filter never stands for everything";
    EXPECT_THAT(refused({"discard", "--dead", "--user", std::string(257, 'u')}), HasSubstr("more than 256 bytes"));
    EXPECT_THAT(refused({"events", "--state", "waiting"}), HasSubstr("expected pending, delivered or dead"));
    EXPECT_THAT(refused({"events", "--limit", "0"}), HasSubstr("--limit"));
}

answer_step says_json(const json& body, int status = 200) {
    return {.status = status, .body = body.dump(), .headers = {}};
}

json slice(std::uint64_t retried, std::uint64_t remaining, const json& go_on) {
    return {{"retried", retried}, {"remaining", remaining}, {"continue", go_on}};
}

struct stand_in_for_the_daemon : testing::Test {
    stand_in_for_the_daemon() { daemon.start(); }

    [[nodiscard]] finished retry_dead(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words = {"retry", "--dead"};
        words.insert(words.end(), more.begin(), more.end());
        return posthaste(daemon.url(), words);
    }

    upstream_process daemon;
};

TEST_F(stand_in_for_the_daemon, is_called_until_nothing_remains_and_told_where_to_go_on) {
    daemon.answer_with(
        {says_json(slice(0, 5, "first")), says_json(slice(3, 2, "second")), says_json(slice(2, 0, "third"))});
    const auto told = retry_dead({"--event", "A", "--user", "u"});
    EXPECT_EQ(told.status, 0) << told.error;
    EXPECT_EQ(told.output, "retried 5 events\n");
    std::vector<json> bodies;
    for (const auto& request : daemon.requests()) {
        EXPECT_EQ(request.method + " " + request.path, "POST /v1/retry");
        bodies.push_back(json::parse(request.body));
    }
    EXPECT_THAT(bodies, ElementsAre(json{{"event", "A"}, {"userId", "u"}},
                                    json{{"event", "A"}, {"userId", "u"}, {"continue", "first"}},
                                    json{{"event", "A"}, {"userId", "u"}, {"continue", "second"}}));
}

TEST_F(stand_in_for_the_daemon, may_leave_events_as_they_are) {
    daemon.answer_with({says_json(slice(3, 3, "on")), says_json(slice(1, 1, nullptr))});
    const auto told = retry_dead();
    EXPECT_EQ(told.status, 1);
    EXPECT_EQ(told.output, "retried 4 events\n");
    EXPECT_EQ(told.error,
              "posthaste retry: 2 events could not be sent again: damaged on the disk, or gone meanwhile\n");
}

TEST_F(stand_in_for_the_daemon, is_shown_as_a_bar_on_a_terminal) {
    auto late = says_json(slice(2, 0, nullptr));
    late.after = std::chrono::milliseconds{200};
    daemon.answer_with({says_json(slice(6, 2, "on")), late});
    const auto told = run_to_end(on_a_terminal(daemon.url(), "retry --dead"));
    EXPECT_THAT(told.output, HasSubstr("\r\x1b[32m[###############-----]\x1b[0m  75 %  6 of 8"));
    EXPECT_THAT(told.output, EndsWith("\r\x1b[Kretried 8 events\r\n"));
}

TEST_F(stand_in_for_the_daemon, is_left_on_an_interruption_with_what_was_done) {
    auto late = says_json(slice(4, 6, "more"));
    late.after = std::chrono::milliseconds{300};
    daemon.answer_with({says_json(slice(10, 10, "on")), late});
    process retrying({{posthaste_binary(), "retry", "--dead", "--server", daemon.url()}, {}, {}, {}});
    ASSERT_TRUE(daemon.wait_for_requests(2));
    retrying.signal(SIGINT);
    EXPECT_EQ(retrying.wait(), 1);
    EXPECT_EQ(retrying.standard_error(),
              "posthaste retry: interrupted: 14 events were retried, and 6 left as they were\n");
    EXPECT_EQ(daemon.requests().size(), 2U);
}

TEST_F(stand_in_for_the_daemon, is_left_on_an_interruption_between_two_ids) {
    auto late = says_json({{"id", some_id}});
    late.after = std::chrono::milliseconds{300};
    daemon.answer_with({late});
    process retrying({{posthaste_binary(), "retry", some_id, some_id, some_id, "--server", daemon.url()}, {}, {}, {}});
    ASSERT_TRUE(daemon.wait_for_requests(1));
    retrying.signal(SIGINT);
    EXPECT_EQ(retrying.wait(), 1);
    EXPECT_EQ(retrying.standard_error(),
              "posthaste retry: interrupted: 1 event was retried, and 2 left as they were\n");
    EXPECT_EQ(daemon.requests().size(), 1U);
}

// Details quote what was asked for, and another program may say anything.
TEST_F(stand_in_for_the_daemon, is_told_without_any_harm_whatever_it_says) {
    const std::string attack = "no\x1b[2J\n\u202e";
    const std::string harmless = "no\\x1b[2J\\n\\u202e";
    daemon.answer_with({says_json({{"detail", attack}}, 404)});
    EXPECT_EQ(posthaste(daemon.url(), {"retry", some_id}).error, "posthaste retry: " + harmless + " (404)\n");
    daemon.answer_with({says_json({{"detail", attack}, {"errors", {{{"pointer", attack}, {"detail", attack}}}}}, 400)});
    EXPECT_EQ(retry_dead().error, "posthaste retry: " + harmless + " (400)\n  " + harmless + ": " + harmless + "\n");
}

TEST_F(stand_in_for_the_daemon, may_stop_in_the_middle) {
    daemon.answer_with({says_json(slice(10, 10, "on")), says_json({{"detail", "The disk is full."}}, 503)});
    const auto told = retry_dead();
    EXPECT_EQ(told.status, 1);
    EXPECT_EQ(told.output, "");
    EXPECT_EQ(told.error,
              "posthaste retry: The disk is full. (503)\nposthaste retry: 10 events were retried before that\n");
    daemon.answer_with({says_json(slice(10, 10, "on")), does(answer_step::kind::drop)});
    EXPECT_THAT(retry_dead().error, EndsWith("; 10 events were retried before that\n"));
}

TEST_F(stand_in_for_the_daemon, may_be_too_old_or_another_program) {
    daemon_under_test real;
    real.start();
    const auto nowhere = http_call(real.port(), "GET", "/v1/nowhere");
    EXPECT_THAT(nowhere->json()["detail"].get<std::string>(), StartsWith("There is nothing at "));
    const std::string too_old =
        "posthaste retry: the daemon that answers is of an older version, which cannot do that: "
        "update it, and restart it\n";
    daemon.answer_with({says_json({{"detail", "There is nothing at /v1/retry."}}, 404)});
    EXPECT_EQ(retry_dead().error, too_old);
    EXPECT_EQ(posthaste(daemon.url(), {"retry", some_id, some_id}).error, too_old);
    daemon.answer_with({says_json({{"detail", "/v1/events/x does not take DELETE; it takes GET."}}, 405)});
    EXPECT_EQ(posthaste(daemon.url(), {"discard", some_id, "--yes"}).status, 1);
    daemon.answer_with({says_json({{"hello", "world"}})});
    EXPECT_EQ(retry_dead().error, "posthaste retry: the answer is not posthaste's: is it another program?\n");
}

}  // namespace
}  // namespace posthaste
