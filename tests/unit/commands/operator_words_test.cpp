// What `posthaste status` and `posthaste show` say, from given facts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "daemon/commands/event_story.hpp"
#include "daemon/commands/status_text.hpp"
#include "daemon/commands/text_columns.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr wall_time noon{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + std::chrono::hours{12}};
const json ready = {{"status", "ok"}};

json healthy() {
    return json::parse(R"({
        "version": "0.1.0", "uptimeSeconds": 7200,
        "queue": {"pending": 1204, "inFlight": 3, "retrying": 17, "dead": 0,
                  "bytes": 13000000, "maxBytes": 8589934592,
                  "maxEvents": 10000000, "oldestAgeSeconds": 180, "outageCapacitySeconds": 172800,
                  "drainEtaSeconds": 6},
        "totals": {"accepted": 10000, "delivered": 8796, "discarded": 0, "purged": 0},
        "upstream": {"state": "up", "reason": null, "since": null, "nextProbeAt": null, "concurrency": 8, "inFlight": 3,
                     "lastError": null},
        "rates": {"acceptedPerSecond": 312.04, "deliveredPerSecond": 512},
        "configuration": {"loadedAt": "2026-01-01T10:00:00.000Z", "lastReload": null}})");
}

std::vector<std::string> shown(const json& status, const json& readiness = ready, const screen& on = {}) {
    return laid_out(status_lines(status, readiness, noon), on);
}

TEST(status_text, tells_all_in_a_screenful) {
    EXPECT_THAT(
        shown(healthy()),
        ElementsAre("posthaste  0.1.0, up for about 2 h: ready to take events",
                    "upstream   the upstream is up, 3 of at most 8 requests in flight",
                    "queue      1,204 pending, of which 3 in flight and 17 failed before; the oldest came about 3 "
                    "min ago; at this rate it is empty in about 6 s",
                    "dead       none",
                    "room       12.3 MiB of 8.0 GiB and 1,204 of 10,000,000 events are used; without the upstream "
                    "it would be full in about 2 days",
                    "rates      312.0 accepted and 512.0 delivered a second, over 10 s",
                    "totals     10,000 accepted = 8,796 delivered + 1,204 pending + 0 dead + 0 discarded + 0 purged",
                    "settings   in use since 2026-01-01T10:00:00.000Z (about 2 h ago)"));
}

TEST(status_text, says_why_it_is_not_ready_and_what_to_do) {
    const auto lines =
        shown(healthy(), {{"status", "unavailable"}, {"reasons", {"queue-full", "disk-full", "new\x1b"}}});
    EXPECT_EQ(
        lines[0],
        "posthaste  0.1.0, up for about 2 h: NOT READY to take events: the queue is full; let the upstream take some "
        "of it, discard what is not needed, or raise queue.max_events or queue.max_bytes; and the queue's disk has "
        "less room than queue.disk_reserve; make room there; and new\\x1b");
}

TEST(status_text, does_not_say_that_events_are_taken_where_they_are_not) {
    auto status = healthy();
    status["upstream"]["state"] = "paused";
    EXPECT_THAT(shown(status)[1], HasSubstr("Events are taken"));
    EXPECT_THAT(shown(status, {{"status", "unavailable"}, {"reasons", {"queue-full"}}})[1],
                Not(HasSubstr("Events are taken")));
}

TEST(status_text, says_what_to_do_about_the_upstream_and_the_dead) {
    auto status = healthy();
    status["queue"]["dead"] = 2;
    status["queue"]["drainEtaSeconds"] = nullptr;
    status["upstream"]["state"] = "open";
    status["upstream"]["reason"] = "failing: the upstream answered 503";
    const auto lines = shown(status);
    EXPECT_THAT(lines[1], StartsWith("upstream   the upstream fails: failing: the upstream answered 503. It goes on by "
                                     "itself with the first success"));
    EXPECT_THAT(lines[2], HasSubstr("; it is not getting shorter"));
    EXPECT_THAT(lines[3], HasSubstr("2 given up: \"posthaste events --state dead\""));
}

TEST(status_text, tells_an_error_that_is_over_with_its_time) {
    auto status = healthy();
    status["upstream"]["lastError"] = {{"at", "2026-01-01T11:00:00.000Z"}, {"status", 503}, {"message", "Busy."}};
    EXPECT_EQ(shown(status)[1],
              "upstream   the upstream is up, 3 of at most 8 requests in flight; the last error, at "
              "2026-01-01T11:00:00.000Z, was: Busy.");
}

TEST(status_text, tells_a_reload_that_changed_nothing) {
    auto status = healthy();
    status["configuration"]["lastReload"] = {
        {"at", "2026-01-01T11:59:00.000Z"}, {"success", false}, {"problems", {"p.json:1:2: wrong", "and more"}}};
    EXPECT_THAT(
        shown(status).back(),
        HasSubstr("; what was read at 2026-01-01T11:59:00.000Z (about 60 s ago) has problems and changed nothing: "
                  "p.json:1:2: wrong (and 1 more: posthaste check)"));
}

TEST(status_text, bears_anything) {
    for (const char* text :
         {"null", "[]", "{}", R"({"queue": 5, "upstream": [], "rates": {"acceptedPerSecond": -1e300}})"})
        EXPECT_EQ(shown(json::parse(text), json::parse(text)).size(), 8U) << text;
}

TEST(status_text, fits_the_screen_and_colours_the_labels_only) {
    for (const std::size_t columns : {20U, 40U, 80U})
        for (const auto& line : shown(healthy(), ready, {columns, 24, true, false}))
            EXPECT_LT(columns_of(line), columns);
    const auto lines = shown(healthy(), ready, {200, 24, true, true});
    EXPECT_THAT(lines[1], StartsWith("\x1b[32mupstream\x1b[0m   the upstream is up"));
}

const std::string id = "01a208ef-347e-7c7a-8000-00000005cf15";

json event(const json& more) {
    json facts = {{"id", id},
                  {"event", "Ticket Created"},
                  {"userId", "10101"},
                  {"receivedAt", "2026-01-01T11:00:00.000Z"},
                  {"state", "pending"},
                  {"attempts", 0},
                  {"nextAttemptAt", nullptr},
                  {"lastError", nullptr}};
    facts.update(more);
    return facts;
}

const std::string what_it_is = "The event \"Ticket Created\" of the user \"10101\", with the id " + id + ".";
const std::string received = "It was received at 2026-01-01T11:00:00.000Z (about 60 min ago).";

TEST(event_story, of_a_waiting_event_tells_its_attempts_and_the_next_one) {
    const auto facts = event({{"attempts", 2},
                              {"nextAttemptAt", "2026-01-01T12:00:12.000Z"},
                              {"lastError", {{"status", 503}, {"message", "no room"}}}});
    EXPECT_THAT(
        event_story({facts, {{"state", "up"}}}, noon),
        ElementsAre(what_it_is, received,
                    "It was tried twice and did not arrive. The last attempt we know of: the upstream answered 503: "
                    "\"no room\".",
                    "It is pending. The next attempt comes at 2026-01-01T12:00:12.000Z (in about 12 s); \"posthaste "
                    "retry " +
                        id + "\" makes it come now."));
}

TEST(event_story, tells_what_holds_everything_up) {
    const auto story = event_story({event(json::object()),
                                    {{"state", "paused"}, {"reason", "by-hand: \"posthaste resume\""}},
                                    {.count = 0, .first_id = "", .known = true}},
                                   noon);
    EXPECT_EQ(story.back(), "Nothing goes out for now: delivering is paused: by-hand: \"posthaste resume\".");
    EXPECT_EQ(story[story.size() - 2], "It is pending. It is the first of its user's.") << "it does not go out now";
    const auto retried =
        event_story({event({{"nextAttemptAt", "2026-01-01T12:00:12.000Z"}}), {{"state", "held"}}}, noon);
    EXPECT_EQ(retried[2], "It is pending. The next attempt comes at 2026-01-01T12:00:12.000Z (in about 12 s).");
}

TEST(event_story, tells_who_goes_first) {
    const auto behind = [](earlier_events earlier) {
        return event_story({event(json::object()), nullptr, earlier}, noon).back();
    };
    EXPECT_EQ(behind({0, "", true}),
              "It is pending. It is the first of its user's, and goes out as soon as a request is free, unless "
              "it is on its way already.");
    EXPECT_EQ(
        behind({3, "the-first", true}),
        "It is pending. 3 earlier events of the same user wait, and go first, unless delivery.ordering is none. The "
        "first of them is the-first: once that goes, this one gets its turn.");
    EXPECT_THAT(behind({600, "x", false}), HasSubstr("Earlier events of the same user go first, unless"));
}

TEST(event_story, of_a_dead_event_tells_what_a_person_can_do) {
    const auto died = [](const char* reason) {
        return event_story({event({{"state", "dead"}, {"reason", reason}, {"deadAt", "2026-01-01T11:57:00.000Z"}})},
                           noon)
            .back();
    };
    EXPECT_EQ(died("rejected"),
              "It has been dead since 2026-01-01T11:57:00.000Z (about 3 min ago): rejected: the upstream "
              "refused it for good. It goes nowhere by itself: once its cause is gone, \"posthaste retry " +
                  id + "\" sends it again; \"posthaste discard " + id + "\" removes it for good.");
    EXPECT_THAT(died("expired"), HasSubstr("longer than delivery.retry.max_age"));
    EXPECT_THAT(died("damaged"), HasSubstr("check the disk, post the event again"));
    EXPECT_THAT(died("damaged"), Not(HasSubstr("posthaste retry")));
}

TEST(event_story, of_a_delivered_event_ends_with_the_answer) {
    EXPECT_EQ(
        event_story({event({{"state", "delivered"},
                            {"attempts", 2},
                            {"deliveredAt", "2026-01-01T11:57:00.000Z"},
                            {"response", {{"status", 200}}}})},
                    noon)
            .back(),
        "It was delivered at 2026-01-01T11:57:00.000Z (about 3 min ago): the upstream answered 200, to attempt number "
        "2. Its data is no longer kept.");
}

TEST(event_story, bears_anything_and_shows_it_harmlessly) {
    for (const char* text : {"null", "[]", "{}", R"({"state": 5, "attempts": -1, "lastError": "x"})"})
        EXPECT_FALSE(event_story({json::parse(text)}, noon).empty()) << text;
    const auto story = event_story({event({{"event", "\x1b[2J\n"}, {"userId", "\u202e"}})}, noon);
    EXPECT_THAT(story.front(), StartsWith("The event \"\\x1b[2J\\n\" of the user \"\\u202e\""));
}

TEST(data_lines, keeps_the_lines_that_were_posted_and_cuts_what_is_long) {
    EXPECT_THAT(data_lines("{\r\n\t\"a\": 12345678901234567890}"), ElementsAre("{", " \"a\": 12345678901234567890}"));
    EXPECT_THAT(data_lines("{\"a\": \"\u202e\x7f\"}"), ElementsAre("{\"a\": \"\\u202e\\x7f\"}"));
    const auto many = data_lines(std::string(100, '\n'));
    EXPECT_EQ(many.size(), 41U);
    EXPECT_EQ(many.back(), "\u2026 (100 bytes in all: --json shows them)");
    EXPECT_EQ(data_lines(std::string(5000, 'x')).back(), "\u2026 (5,000 bytes in all: --json shows them)");
    EXPECT_THAT(data_lines(std::string(4096, 'x')), Not(Contains(HasSubstr("in all"))));
}

}  // namespace
}  // namespace posthaste
