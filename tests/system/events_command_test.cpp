// `posthaste events` and `posthaste show`: what they tell, and that nothing an event holds does harm to a terminal.

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/terminal_session.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct kept_events : testing::Test {
    finished posthaste(std::vector<std::string> words) const {
        words.insert(words.begin(), posthaste_binary());
        return run_to_end({std::move(words), {{"POSTHASTE_SERVER", daemon.url()}}, {}, {}});
    }
    // Paused first, so that all stay pending.
    void pause() const { ASSERT_EQ(http_call(daemon.port(), "POST", "/v1/pause")->status, 200); }
    std::string post(const std::string& event, const std::string& user, const json& data = json::object()) const {
        return daemon.post(json{{"event", event}, {"userId", user}, {"data", data}}.dump());
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        if (lines.back().ends_with('\r')) lines.back().pop_back();
        at = end + 1;
    }
    return lines;
}

using events_command = kept_events;

TEST_F(events_command, lists_the_newest_first_and_those_alone_that_fit) {
    upstream.start();
    upstream.answer_where("refused", {answers(422)});
    daemon.start();
    const auto dead = post("Order refused", "ada");
    ASSERT_TRUE(daemon.wait_for_state(dead, "dead"));
    const auto delivered = post("Order placed", "bob");
    ASSERT_TRUE(daemon.wait_for_state(delivered, "delivered"));
    pause();
    const auto pending = post("Order placed", "ada");

    const auto all = posthaste({"events"});
    EXPECT_EQ(all.status, 0) << all.error;
    EXPECT_EQ(all.error, "");
    const auto lines = lines_of(all.output);
    ASSERT_EQ(lines.size(), 4U) << all.output;
    EXPECT_THAT(lines[0], ContainsRegex("^ID +STATE +AGE +TRIES +EVENT +USER +WHY$"));
    EXPECT_THAT(lines[1], ContainsRegex("^" + pending + "  pending +[0-9]+s +0 +Order placed +ada$"));
    EXPECT_THAT(lines[2], ContainsRegex("^" + delivered + "  delivered +[0-9]+s +1 +Order placed +bob$"));
    EXPECT_THAT(lines[3],
                ContainsRegex("^" + dead + "  dead +[0-9]+s +1 +Order refused +ada +rejected 422: the test says 422$"));

    const auto ids = [&](std::vector<std::string> filter) {
        filter.insert(filter.begin(), {"events", "--json"});
        std::vector<std::string> found;
        const auto told = json::parse(posthaste(filter).output);
        for (const auto& each : told["events"])
            found.push_back(each["id"]);
        return found;
    };
    using list = std::vector<std::string>;
    EXPECT_EQ(ids({}), (list{pending, delivered, dead}));
    EXPECT_EQ(ids({"--state", "dead"}), list{dead});
    EXPECT_EQ(ids({"--event", "Order placed"}), (list{pending, delivered}));
    EXPECT_EQ(ids({"--user", "ada", "--state", "pending"}), list{pending});
    EXPECT_EQ(ids({"--limit", "2"}), (list{pending, delivered}));
    EXPECT_THAT(posthaste({"events", "--limit", "2"}).error, HasSubstr("the newest 2; there may be more: --limit N"));
    const auto none = posthaste({"events", "--user", "nobody"});
    EXPECT_EQ(none.status, 0);
    EXPECT_EQ(none.output, "");
    EXPECT_EQ(none.error, "no such event is kept\n");
}

// A page looks at 500 events, whatever it finds.
TEST_F(events_command, goes_on_through_short_pages_until_all_were_looked_at) {
    daemon.start();
    pause();
    json batch = json::array();
    for (int number = 0; number < 1300; ++number)
        batch.push_back({{"event", "E"}, {"userId", number % 600 == 0 ? "rare" : "common"}, {"data", {{"n", number}}}});
    ASSERT_EQ(post_event(daemon.port(), batch.dump(), "/run/events")->status, 202);
    const auto found = json::parse(posthaste({"events", "--user", "rare", "--json"}).output);
    EXPECT_EQ(found["events"].size(), 3U);
    EXPECT_EQ(found["nextCursor"], nullptr);
    EXPECT_EQ(lines_of(posthaste({"events", "--limit", "1200"}).output).size(), 1201U) << "more than a page holds";
}

TEST_F(events_command, fits_the_terminal_and_has_colour_there_unless_none_is_wanted) {
    upstream.start();
    upstream.answer_with({answers(422)});
    daemon.start();
    const auto id = post(std::string(200, 'e'), std::string(200, 'u'));
    ASSERT_TRUE(daemon.wait_for_state(id, "dead"));
    for (const int columns : {40, 60, 80, 100, 132}) {
        terminal_options plain{.columns = columns, .environment = {{"NO_COLOR", "1"}}};
        const auto shown = run_to_end(on_a_terminal(daemon.url(), "events", plain));
        EXPECT_EQ(shown.status, 0);
        EXPECT_THAT(shown.output, Not(HasSubstr("\x1b")));
        for (const auto& line : lines_of(shown.output))
            EXPECT_LT(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }), columns)
                << line;
        EXPECT_THAT(shown.output, HasSubstr("\n" + id)) << "the id is never cut";
    }
    const auto usual = run_to_end(on_a_terminal(daemon.url(), "events"));
    EXPECT_THAT(usual.output, HasSubstr("  \x1b[31mdead\x1b[0m"));
    EXPECT_THAT(usual.output, HasSubstr("rejected 42")) << "80 columns have room for the reason";
    const auto piped = posthaste({"events"}).output;
    EXPECT_THAT(piped, HasSubstr("  " + std::string(200, 'e') + "  " + std::string(200, 'u') + "  rejected 422: "));
}

using show_command = kept_events;

TEST_F(show_command, tells_the_story_of_an_event_that_waits_for_the_upstream) {
    daemon.start();  // the upstream is not there
    const auto id = daemon.post(sample_event("ada"));
    ASSERT_TRUE(wait_until([&] { return daemon.event(id)["attempts"] > 0; }));
    const auto later = daemon.post(sample_event("ada"));
    ASSERT_FALSE(daemon.wait_for_upstream("open").is_null());
    const auto told = posthaste({"show", id});
    EXPECT_EQ(told.status, 0) << told.error;
    EXPECT_THAT(told.output, StartsWith("The event \"Ticket Created\" of the user \"ada\", with the id " + id + ".\n"));
    EXPECT_THAT(told.output, ContainsRegex("\nIt was received at 2[0-9TZ:.-]+ \\([^)]+\\)\\.\nIt was tried "));
    EXPECT_THAT(told.output, HasSubstr(" and did not arrive. The last attempt we know of: no answer came: "));
    EXPECT_THAT(told.output, HasSubstr("\nIt is pending. The next attempt "));
    EXPECT_THAT(told.output, HasSubstr("\nNothing goes out for now: the upstream has been failing since "));
    EXPECT_THAT(told.output, HasSubstr("\nIts data, as posted:\n  {\"ticketName\": \"Refund request\""));
    EXPECT_THAT(posthaste({"show", later}).output,
                HasSubstr("\nIt is pending. 1 earlier event of the same user waits, and goes first, unless "
                          "delivery.ordering is none. The first of them is " +
                          id));
    EXPECT_EQ(json::parse(posthaste({"show", id, "--json"}).output)["id"], id);
}

TEST_F(show_command, tells_how_an_event_ended) {
    upstream.start();
    upstream.answer_with({answers(200), answers(422)});
    daemon.start();
    const auto delivered = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(delivered, "delivered"));
    const auto dead = daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_for_state(dead, "dead"));
    const auto good = posthaste({"show", delivered}).output;
    EXPECT_THAT(good, HasSubstr("\nIt was delivered at "));
    EXPECT_THAT(good, EndsWith(": the upstream answered 200, to the first attempt. Its data is no longer kept.\n"));
    const auto bad = posthaste({"show", dead}).output;
    EXPECT_THAT(bad, HasSubstr("the upstream answered 422: \"the test says 422\".\n"));
    EXPECT_THAT(bad,
                HasSubstr(": rejected: the upstream refused it for good. It goes nowhere by itself: once its cause "
                          "is gone, \"posthaste retry " +
                          dead + "\" sends it again"));
}

TEST_F(show_command, tells_an_app_what_concerns_its_event) {
    const temp_folder folder;
    const auto tokens = folder.write("tokens", "app the-app\noperator the-operator\n");
    const auto token = folder.write("token", "the-app\n");
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    daemon.start();
    const auto queued =
        http_call(daemon.port(), "POST", "/run/event",
                  {{"Authorization", "Bearer the-app"}, {"Content-Type", "application/json"}}, sample_event());
    ASSERT_EQ(queued->status, 202);
    const auto told = posthaste({"show", queued->json()["id"], "--token-file", token});
    EXPECT_EQ(told.status, 0) << told.error;
    EXPECT_THAT(told.output, HasSubstr("\nIt is pending. "));
}

TEST_F(show_command, says_so_when_there_is_no_such_event_and_when_it_is_no_id) {
    daemon.start();
    const auto unknown = posthaste({"show", "01a208ef-347e-7c7a-8000-00000005cf15"});
    EXPECT_EQ(unknown.status, 1);
    EXPECT_EQ(
        unknown.error,
        "posthaste show: There is no event 01a208ef-347e-7c7a-8000-00000005cf15. It was never accepted here, or is "
        "no longer kept: it was discarded, or its time (queue.keep_delivered, queue.keep_dead) is over. (404)\n");
    const auto misspelt = posthaste({"show", "../status"});
    EXPECT_EQ(misspelt.status, 2);
    EXPECT_THAT(misspelt.error,
                StartsWith("posthaste show: ID: \"../status\" is no event's id: expected 36 characters"));
}

// Script tags, escapes, line ends, marks that turn the text around, and as long as a name can be.
TEST_F(kept_events, that_are_hostile_are_shown_without_any_harm) {
    upstream.start();
    const std::string attack =
        "<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07\r\n\u202egnp.exe\u200f\u2066\u009b31m\x7f";
    std::string longest = attack;
    longest.resize(256, 'x');
    answer_step refusal = answers(422);
    refusal.body = json{{"message", attack}}.dump();
    upstream.answer_with({refusal});
    daemon.start();
    const auto id = post(longest, longest, {{attack, attack}});
    ASSERT_TRUE(daemon.wait_for_state(id, "dead"));
    const auto quoted = "'" + longest + "'";
    for (const std::string& words :
         {std::string("events"), "events --event " + quoted, "show " + id, std::string("status"),
          "retry --event " + quoted, "discard --dead --event " + quoted + " --user " + quoted, "show " + quoted}) {
        for (const int columns : {60, 400}) {
            const terminal_options plain{.columns = columns, .typed = "n\n", .environment = {{"NO_COLOR", "1"}}};
            const auto shown = run_to_end(on_a_terminal(daemon.url(), words, plain)).output;
            EXPECT_FALSE(shown.empty());
            for (const char* harm : {"\x1b", "\x07", "\x7f", "\u202e", "\u200f", "\u2066", "\u009b"})
                EXPECT_THAT(shown, Not(HasSubstr(harm))) << words;
            EXPECT_THAT(shown, Not(HasSubstr("\ngnp"))) << words;
        }
    }
    EXPECT_THAT(posthaste({"events"}).output,
                HasSubstr("<script>alert(1)</script>\\x1b[2J\\x1b]0;owned\\x07\\r\\n\\u202e"));
    EXPECT_EQ(lines_of(posthaste({"events"}).output).size(), 2U);
}

}  // namespace
}  // namespace posthaste
