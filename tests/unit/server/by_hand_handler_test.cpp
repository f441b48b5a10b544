// A call that changes many events, over a store that finds and does what the test says: where it begins and ends.

#include "daemon/server/by_hand_handler.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/asked.hpp"

namespace posthaste {
namespace {

using nlohmann::json;

// Of its thousand events those match that the test names. A look goes through 100 of them.
struct call_by_hand : testing::Test {
    static constexpr sequence newest = 1'000;
    static constexpr sequence rows_a_look = 100;

    selection_page look(const selection_request& request) {
        selection_page page;
        page.newest = newest;
        page.last = std::min({request.after + rows_a_look, request.through, newest});
        page.reached_end = page.last == newest;
        std::ranges::copy_if(matching, std::back_inserter(page.numbers),
                             [&](sequence each) { return each > request.after && each <= page.last; });
        return page;
    }
    dead_report change(const dead_request& request) {
        slices.push_back(request.which.after);
        steady += a_slice;
        const selection_page page = look(request.which);
        return {.done = page.numbers.size(), .last = page.last, .reached_end = page.reached_end};
    }
    json call(const json& wanted = json::object()) {
        const auto request = post("", wanted.dump(), "/v1/retry");
        handler.handle(request);
        EXPECT_EQ(request->status, 200U) << request->text;
        return request->shown();
    }

    std::vector<sequence> matching;
    std::vector<sequence> slices;  // behind which number each of them began
    milliseconds a_slice{1};
    steady_time steady{};
    by_hand_handler handler{
        by_hand_handler::task::retry,
        {.select = [this](const selection_request& request, const auto& reply) { reply(look(request)); },
         .dead = [this](const dead_request& request, const auto& reply) { reply(change(request)); },
         .withdraw = {},
         .refusing = [] { return std::nullopt; },
         .now = [this] { return instant{noon().wall, steady}; }}};
};

TEST_F(call_by_hand, begins_at_the_first_event_that_matches_and_ends_at_the_last) {
    matching = {444, 560};
    EXPECT_EQ(call(), json({{"retried", 2}, {"remaining", 0}, {"continue", nullptr}}));
    EXPECT_THAT(slices, testing::ElementsAre(443, 543));
}

TEST_F(call_by_hand, changes_nothing_where_nothing_matches) {
    EXPECT_EQ(call(), json({{"retried", 0}, {"remaining", 0}, {"continue", nullptr}}));
    EXPECT_TRUE(slices.empty());
}

TEST_F(call_by_hand, answers_after_two_seconds_with_where_to_go_on) {
    matching = {1, 150, 250, 350};
    a_slice = milliseconds{1'500};
    const json part = call();
    EXPECT_EQ(part["retried"], 2);
    EXPECT_EQ(part["remaining"], 2);
    EXPECT_THAT(slices, testing::ElementsAre(0, 100));
    const json rest = call({{"continue", part["continue"]}});
    EXPECT_EQ(rest, json({{"retried", 2}, {"remaining", 0}, {"continue", nullptr}}));
    EXPECT_THAT(slices, testing::ElementsAre(0, 100, 200, 300));
}

TEST_F(call_by_hand, takes_a_filter_and_says_so) {
    const std::string text =
        "POST /v1/retry HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n";
    const auto head = check_head(text);
    const auto wrong = handler.refuse(*head);
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->status, 415U);
    EXPECT_NE(wrong->detail.find("Send the filter as JSON, with the header Content-Type: application/json"),
              std::string::npos)
        << wrong->detail;
}

}  // namespace
}  // namespace posthaste
