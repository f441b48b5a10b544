#include "lib/http/by_hand_call.hpp"

#include <gmock/gmock.h>

namespace posthaste {
namespace {

using testing::HasSubstr;

std::string fault(std::string_view body, by_hand_state state = by_hand_state::dead) {
    const auto read = read_by_hand_call(body, state);
    if (read) return "";
    EXPECT_EQ(read.error().status, 422U);
    EXPECT_EQ(read.error().name, "invalid-filter");
    std::string all;
    for (const field_error& each : read.error().errors)
        all += each.pointer + " " + each.detail + "; ";
    return all;
}

TEST(by_hand_call, without_a_body_is_for_all_of_the_dead) {
    for (const std::string_view body : {"", "{}"}) {
        const auto call = read_by_hand_call(body, by_hand_state::dead);
        ASSERT_TRUE(call);
        EXPECT_EQ(call->which.state, event_state::dead);
        EXPECT_EQ(call->which.name + call->which.user_id, "");
        EXPECT_EQ(call->limit, 10'000U);
        EXPECT_FALSE(call->progress);
    }
}

TEST(by_hand_call, takes_the_filter) {
    const auto call = read_by_hand_call(R"({"event":"E","userId":"u","reason":"expired","limit":7,"state":"dead"})",
                                        by_hand_state::as_given);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->which.name, "E");
    EXPECT_EQ(call->which.user_id, "u");
    EXPECT_EQ(call->which.reason, death_reason::expired);
    EXPECT_EQ(call->limit, 7U);
    const auto pending = read_by_hand_call(R"({"state":"pending"})", by_hand_state::as_given);
    ASSERT_TRUE(pending);
    EXPECT_EQ(pending->which.state, event_state::pending);
}

TEST(by_hand_call, does_ten_thousand_at_most_however_many_are_asked_for) {
    for (const std::string_view limit : {"10000", "10001", "18446744073709551615"}) {
        const auto call = read_by_hand_call("{\"limit\":" + std::string(limit) + "}", by_hand_state::dead);
        ASSERT_TRUE(call) << limit;
        EXPECT_EQ(call->limit, 10'000U);
    }
}

TEST(by_hand_call, names_every_fault) {
    EXPECT_THAT(fault(R"({"evnt":"E","limit":0})"), HasSubstr("/evnt is not known here"));
    EXPECT_THAT(fault(R"({"evnt":"E","limit":0})"), HasSubstr("/limit must be a whole number, 1 or more"));
    EXPECT_THAT(fault(R"({"limit":1.5})"), HasSubstr("/limit"));
    EXPECT_THAT(fault(R"({"limit":-1})"), HasSubstr("/limit"));
    EXPECT_THAT(fault(R"({"event":""})"), HasSubstr("/event"));
    EXPECT_THAT(fault(R"({"userId":5})"), HasSubstr("/userId"));
    EXPECT_THAT(fault(R"({"reason":"bored"})"), HasSubstr("/reason"));
    EXPECT_THAT(fault(R"({"state":"dead"})"), HasSubstr("/state is not known here")) << "retrying is for the dead";
    EXPECT_THAT(fault(R"({})", by_hand_state::as_given), HasSubstr("/state is missing"));
    EXPECT_THAT(fault(R"({"state":"delivered"})", by_hand_state::as_given), HasSubstr("/state must be"));
    EXPECT_THAT(fault(R"({"state":"pending","reason":"expired"})", by_hand_state::as_given), HasSubstr("/reason"));
    EXPECT_THAT(fault(R"({"continue":"b1"})"), HasSubstr("/continue"));
    for (const std::string_view body : {"[]", "1", "null"})
        EXPECT_THAT(fault(body), HasSubstr("must be a JSON object")) << body;
}

// What it removes never comes back: a body that two readers understand differently is not acted on.
TEST(by_hand_call, refuses_what_is_malformed_as_it_is_for_an_event) {
    using namespace std::string_view_literals;
    for (const std::string_view body :
         {"{"sv, "{} {}"sv, "{bad"sv, "{\"state\":\"dead\"}\0 more"sv, "{\"state\":\"dead\",\"state\":\"pending\"}"sv,
          "{\"state\":\"dead\",\"st\\u0061te\":\"pending\"}"sv, "{\"event\":\"\xff\"}"sv, "\xef\xbb\xbf{}"sv}) {
        const auto read = read_by_hand_call(body, by_hand_state::as_given);
        ASSERT_FALSE(read) << body;
        EXPECT_EQ(read.error().status, 400U) << body;
        EXPECT_EQ(read.error().name, "malformed-json") << body;
        EXPECT_THAT(read.error().detail, HasSubstr("line 1, column ")) << body;
    }
}

TEST(by_hand_call, goes_on_where_it_was_told_to) {
    const by_hand_progress far{max_sequence, max_sequence, 1'000'000, wall_time{milliseconds{1'790'000'000'000}}};
    for (const by_hand_progress& each : {far, by_hand_progress{}}) {
        const auto read = parse_continuation(to_continuation(each));
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, each);
    }
    for (const std::string_view text : {"", "b1", "b11-2-3", "b11-2-3-4-5", "b11-2-3-", "b1-1-2-3-4", "c11-2-3-4",
                                        "b1fffffffffffffffff-0-0-0", "b1100000000001-0-0-0", "b11-2-3-4 "})
        EXPECT_FALSE(parse_continuation(text)) << text;
}

}  // namespace
}  // namespace posthaste
