// What a call is told where the store refuses: true of that call, and not of a posted event.

#include "daemon/server/refusals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/server/by_hand_handler.hpp"
#include "daemon/server/import_handler.hpp"
#include "daemon/server/single_event_handlers.hpp"
#include "daemon/server/switch_handler.hpp"
#include "lib/http/event_lines.hpp"
#include "tests/unit/server/asked.hpp"

namespace posthaste {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::array all_refusals{refusal::queue_full,    refusal::disk_full, refusal::store_unavailable,
                                  refusal::shutting_down, refusal::busy,      refusal::key_reused};

testing::Matcher<std::string> says_nothing_of_a_posted_event() {
    return AllOf(Not(HasSubstr("this event")), Not(HasSubstr("Nothing was stored")), Not(HasSubstr("Send it again")));
}

TEST(refusals, tell_whoever_posted_an_event_why_and_what_to_do) {
    EXPECT_EQ(problem_of(refusal::shutting_down).detail,
              "The daemon is shutting down and takes no more events. Nothing was stored; send this event again once it "
              "is back.");
    EXPECT_EQ(problem_of(refusal::store_unavailable).detail,
              "The store could not write this event: it may or may not have been stored. Send it again once the daemon "
              "is back.");
    EXPECT_EQ(problem_of(refusal::queue_full).detail,
              "The queue is full: the upstream has not taken events as fast as they came. Nothing was stored; send "
              "this event again later, or raise queue.max_events or queue.max_bytes.");
    EXPECT_EQ(problem_of(refusal::key_reused).status, 422U);
}

TEST(refusals, tell_other_calls_the_cause_and_then_their_own_words) {
    EXPECT_EQ(problem_of(refusal::disk_full, "Half was done.", "Do the rest").detail,
              "The disk that holds the queue has less free space than queue.disk_reserve. Half was done. Do the rest "
              "once you have made room.");
    for (const refusal why : all_refusals) {
        const problem posted = problem_of(why);
        const problem other = problem_of(why, "Half was done.", "Do the rest");
        EXPECT_EQ(other.status, posted.status);
        EXPECT_EQ(other.name, posted.name);
        EXPECT_EQ(other.retry_after, posted.retry_after);
        EXPECT_THAT(other.detail, says_nothing_of_a_posted_event());
        EXPECT_THAT(problem_of_change(why).detail, says_nothing_of_a_posted_event());
    }
}

// What an import is told of which the store says that.
std::string refused_import(const result<import_report, refusal>& outcome) {
    boost::asio::io_context io;
    import_handler imports(
        io, 1 * MiB, [&](const std::vector<pending_event>&, const auto& reply) { reply(outcome); },
        [] { return std::nullopt; });
    exported_event one;
    one.id = *parse_uuid("01a20a2c-5020-72fa-8000-000000053d4a");
    one.what.path = "/run/event";
    one.what.body = R"({"event":"e","userId":"u","data":{}})";
    const auto request = std::make_shared<asked>("POST /v1/import HTTP/1.1\r\nHost: localhost\r\n\r\n", to_line(one));
    imports.handle(request);
    EXPECT_EQ(request->status, 503U) << request->text;
    EXPECT_TRUE(request->retry_after);
    return request->shown().value("detail", "");
}

TEST(a_refused_import, says_how_much_of_it_is_stored) {
    EXPECT_EQ(refused_import(import_report{.imported = 5, .queue_full = true}),
              "The queue is full: the upstream has not taken events as fast as they came. Of this import 5 events were "
              "stored, and the rest was not. What is stored will be skipped: repeat the import once it has room, or "
              "raise queue.max_events or queue.max_bytes.");
    EXPECT_EQ(refused_import(refusal::store_unavailable),
              "The store could not write. Of this import 0 events are stored, and more of it may be. What is stored "
              "will be skipped: repeat the import once the daemon is back.");
}

TEST(a_refused_import, says_before_its_body_is_read_that_nothing_was_imported) {
    boost::asio::io_context io;
    const import_handler imports(io, 1 * MiB, {}, [] { return refusal::shutting_down; });
    const asked request("POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n\r\n");
    const auto refused = imports.refuse(request.head());
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->detail, "The daemon is shutting down. Nothing was imported. Repeat the import once it is back.");
}

// A store that finds events 1 to 9 dead, and changes the first three of them and no more.
by_hand_source refusing_after_three(refusal why) {
    return {.select =
                [](const selection_request&, const auto& reply) {
                    selection_page page{.numbers = {1, 2, 3, 4, 5, 6, 7, 8, 9}, .newest = 9};
                    page.last = 9;
                    page.reached_end = true;
                    reply(page);
                },
            .dead =
                [why](const dead_request& wanted, const auto& reply) {
                    if (wanted.which.after > 0) return reply(why);
                    reply(dead_report{.done = 3, .last = 3, .reached_end = false});
                },
            .withdraw = {},
            .refusing = [why] { return why; },
            .now = noon};
}

std::string refused_by_hand(by_hand_handler::task what, refusal why) {
    by_hand_handler handler(what, refusing_after_three(why));
    const auto request = post("", R"({"state":"dead"})", "/v1/discard");
    handler.handle(request);
    EXPECT_EQ(request->status, 503U) << request->text;
    return request->shown().value("detail", "");
}

TEST(a_refused_call_by_hand, says_how_many_events_it_changed) {
    EXPECT_EQ(refused_by_hand(by_hand_handler::task::discard, refusal::disk_full),
              "The disk that holds the queue has less free space than queue.disk_reserve. 3 events were removed, and "
              "the rest was left as it is. Repeat the call for the rest once you have made room.");
    EXPECT_EQ(refused_by_hand(by_hand_handler::task::discard, refusal::store_unavailable),
              "The store could not write. 3 events were removed, and more may have been. Repeat the call for the rest "
              "once the daemon is back.");
}

TEST(a_refused_call_by_hand, says_so_of_events_that_were_put_back) {
    by_hand_handler handler(by_hand_handler::task::retry, refusing_after_three(refusal::shutting_down));
    const auto request = post("", "{}", "/v1/retry");
    handler.handle(request);
    EXPECT_EQ(request->shown()["detail"],
              "The daemon is shutting down. 3 events were put back into the queue, and the rest was left as it is. "
              "Repeat the call for the rest once it is back.");
}

// A store whose disk has no room for a word of what was taken out of delivery.
by_hand_source never_writing() {
    return {.select =
                [](const selection_request& wanted, const auto& reply) {
                    selection_page page{.numbers = {}, .newest = 2};
                    for (const sequence each : {1, 2})
                        if (each > wanted.after && each <= wanted.through) page.numbers.push_back(each);
                    page.last = 2;
                    page.reached_end = true;
                    reply(page);
                },
            .dead = {},
            .withdraw = [](const auto&, const auto& reply) { reply(0); },
            .refusing = [] { return std::nullopt; },
            .now = noon};
}

TEST(a_discard, that_could_not_be_written_is_not_said_to_be_done) {
    by_hand_handler many(by_hand_handler::task::discard, never_writing());
    const auto request = post("", R"({"state":"pending"})", "/v1/discard");
    many.handle(request);
    EXPECT_EQ(request->status, 503U) << request->text;
    EXPECT_EQ(request->shown()["detail"],
              "The disk that holds the queue has less free space than queue.disk_reserve. 2 events are not sent any "
              "more, but that all of them are discarded could not be written: after a crash some would be sent all the "
              "same. Repeat the call for the rest once you have made room.");

    const auto found = [](const uuid& id, const auto& reply) {
        event_facts pending{};
        pending.id = id;
        pending.number = 1;
        pending.state = event_state::pending;
        reply(std::optional(pending));
    };
    discard_event_handler one(found, never_writing());
    const auto single = std::make_shared<asked>(
        "DELETE /v1/events/01890a5d-ac96-774b-bcce-b302099a8057 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    one.handle(single);
    EXPECT_EQ(single->status, 503U) << single->text;
    EXPECT_THAT(single->shown().value("detail", ""), HasSubstr("after a crash it would be sent all the same. It is "
                                                               "written by itself once you have made room."));
}

TEST(a_refused_change, of_one_event_or_of_a_switch_says_that_nothing_was_changed) {
    const std::string expected = "The daemon is shutting down. Nothing was changed. Repeat the call once it is back.";
    const auto request = post("", "", "/v1/pause");
    const auto refusing = [] { return refusal::shutting_down; };
    EXPECT_EQ(switch_handler({}, refusing).refuse(request->head())->detail, expected);
    EXPECT_EQ(discard_event_handler({}, refusing_after_three(refusal::shutting_down)).refuse(request->head())->detail,
              expected);
    EXPECT_THAT(problem_of_change(refusal::store_unavailable).detail, HasSubstr("may or may not have been done"));
}

}  // namespace
}  // namespace posthaste
