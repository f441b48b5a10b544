// What the log says of an upstream that comes and goes: the last word is the present state, a minute later at most.

#include "lib/delivery/trouble_story.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr steady_time start{std::chrono::hours{1}};
constexpr auto over = "the upstream takes events again; what waits is sent in its order";

upstream_report report_of(const std::string& state, const std::string& reason = "asked-to-wait: 429") {
    upstream_report made{.state = state};
    if (state == "up") return made;
    made.reason = reason;
    made.next_probe_at = wall_time{};
    return made;
}

class trouble : public ::testing::Test {
  protected:
    static std::vector<std::string> texts(const trouble_story::lines& lines) {
        std::vector<std::string> all;
        for (const auto& each : lines)
            all.push_back(each.text);
        return all;
    }

    std::vector<std::string> becomes(const std::string& state, seconds at) {
        return texts(story.state_changed(report_of(state), {3, false}, start + at));
    }
    std::vector<std::string> fails(seconds at) {
        return texts(story.attempt_failed({.status = 500, .message = "why"}, {1, false}, start + at));
    }
    std::vector<std::string> delivered() { return texts(story.delivered()); }
    std::vector<std::string> held_back(const std::string& state, seconds at) {
        return texts(story.held_back(report_of(state), {3, false}, start + at));
    }

    trouble_story story;
};

TEST_F(trouble, that_comes_back_within_a_minute_is_said_when_the_minute_is_over_and_so_is_its_end) {
    EXPECT_THAT(becomes("held", seconds{0}), ElementsAre(StartsWith("delivery is held back: ")));
    EXPECT_THAT(becomes("up", seconds{1}), IsEmpty()) << "only a time is over";
    EXPECT_THAT(delivered(), ElementsAre(over));
    EXPECT_EQ(story.due(), std::nullopt);

    EXPECT_THAT(becomes("held", seconds{4}), IsEmpty());
    ASSERT_EQ(story.due(), start + seconds{60});
    EXPECT_THAT(held_back("held", seconds{59}), IsEmpty());
    EXPECT_THAT(held_back("held", seconds{60}),
                ElementsAre(AllOf(StartsWith("delivery is held back: asked-to-wait: 429; 3 events wait; goes on at "),
                                  EndsWith("Z"))));
    EXPECT_EQ(story.due(), std::nullopt);
    EXPECT_THAT(delivered(), ElementsAre(over));
    EXPECT_THAT(delivered(), IsEmpty());
}

TEST_F(trouble, that_opens_the_breaker_tells_of_the_failures_that_led_to_it) {
    EXPECT_THAT(fails(seconds{0}), ElementsAre(HasSubstr("; retrying")));
    for (int each = 0; each < 3; ++each)
        EXPECT_THAT(fails(seconds{1}), IsEmpty());
    ASSERT_TRUE(story.due());
    EXPECT_THAT(becomes("open", seconds{2}), ElementsAre(StartsWith("delivery is failing: ")));
    EXPECT_EQ(story.due(), std::nullopt) << "nothing is left to be told once it is over";
    EXPECT_THAT(becomes("up", seconds{5}), ElementsAre(over));
}

TEST_F(trouble, that_opens_the_breaker_within_a_minute_again_tells_of_its_failures_no_more) {
    (void)fails(seconds{0});
    (void)becomes("open", seconds{1});
    (void)becomes("up", seconds{3});
    for (int each = 0; each < 4; ++each)
        EXPECT_THAT(fails(seconds{20}), IsEmpty());
    EXPECT_THAT(becomes("open", seconds{20}), IsEmpty()) << "held back, too";
    EXPECT_EQ(story.due(), start + seconds{61});
    EXPECT_THAT(held_back("open", seconds{61}), ElementsAre(StartsWith("delivery is failing: ")));
}

TEST_F(trouble, that_is_over_is_not_said_to_be_where_other_trouble_goes_on) {
    (void)becomes("held", seconds{0});
    (void)becomes("up", seconds{1});
    (void)becomes("held", seconds{2});
    (void)becomes("open", seconds{3});
    EXPECT_THAT(held_back("open", seconds{60}),
                ElementsAre("delivery was held back 1 more time since the last such line; the last reason: "
                            "asked-to-wait: 429"));
    (void)fails(seconds{61});
    (void)becomes("up", seconds{62});
    (void)becomes("held", seconds{63});
    (void)becomes("up", seconds{64});
    (void)fails(seconds{65});
    const auto told = held_back("up", seconds{121});
    EXPECT_THAT(told, ::testing::Contains(StartsWith("delivery was held back 1 more time")));
    EXPECT_THAT(told, ::testing::Not(::testing::Contains(HasSubstr("it is over"))));
}

TEST_F(trouble, that_came_back_and_is_over_within_the_minute_is_counted_as_past) {
    for (int each = 0; each < 4; ++each) {
        (void)becomes("open", seconds{each * 10});
        (void)becomes("up", seconds{each * 10 + 5});
    }
    ASSERT_EQ(story.due(), start + seconds{60});
    EXPECT_THAT(held_back("up", seconds{60}), ElementsAre("delivery was failing 3 more times since the last such line, "
                                                          "and it is over; the last reason: asked-to-wait: 429"));
    EXPECT_THAT(delivered(), IsEmpty()) << "that was said";
    EXPECT_EQ(story.due(), std::nullopt);
}

TEST_F(trouble, that_stands_when_the_minute_is_over_tells_how_often_it_came_before) {
    for (int each = 0; each < 4; ++each) {
        (void)becomes("open", seconds{each * 10});
        (void)becomes("up", seconds{each * 10 + 5});
    }
    (void)becomes("open", seconds{50});
    EXPECT_THAT(held_back("open", seconds{60}), ElementsAre(EndsWith("(3 such lines held back since the last one)")));
}

TEST_F(trouble, with_single_attempts_is_not_lost_when_nothing_comes_after_it) {
    EXPECT_THAT(fails(seconds{0}), ElementsAre("failing: the upstream answered 500; 1 event waits; retrying"));
    EXPECT_THAT(delivered(), ElementsAre(over));
    EXPECT_THAT(fails(seconds{1}), IsEmpty());
    EXPECT_THAT(fails(seconds{2}), IsEmpty());
    EXPECT_THAT(held_back("up", seconds{60}), ElementsAre("failing: the upstream answered 500; 3 events wait; retrying "
                                                          "(1 such line held back since the last one)"));
    EXPECT_THAT(delivered(), ElementsAre(over));

    EXPECT_THAT(fails(seconds{61}), IsEmpty());
    EXPECT_THAT(delivered(), IsEmpty());
    EXPECT_THAT(held_back("up", seconds{120}), ElementsAre("attempts failed 1 more time since the last such line, and "
                                                           "it is over; the last reason: failing: the upstream "
                                                           "answered 500"));
}

TEST_F(trouble, that_flaps_for_an_hour_costs_two_lines_a_minute_at_most) {
    std::size_t lines = 0;
    for (int second = 0; second < 3600; ++second) {
        const std::string state = second % 2 == 0 ? "held" : "up";
        lines += becomes(state, seconds{second}).size();
        if (state == "up") lines += delivered().size();
        if (story.due() && *story.due() <= start + seconds{second}) lines += held_back(state, seconds{second}).size();
    }
    EXPECT_LE(lines, 120U);
    EXPECT_GE(lines, 60U);
}

TEST_F(trouble, of_a_pause_ends_in_the_log_when_the_pause_does_each_time) {
    for (int each = 0; each < 3; ++each) {
        EXPECT_THAT(becomes("paused", seconds{each}), ElementsAre(StartsWith("delivery is paused: ")));
        EXPECT_THAT(becomes("up", seconds{each}), ElementsAre("delivery is no longer paused; 3 events wait"));
        EXPECT_THAT(delivered(), IsEmpty());
    }
}

TEST_F(trouble, of_a_pause_ends_in_the_log_also_where_a_hold_goes_on_behind_it) {
    EXPECT_THAT(becomes("held", seconds{0}), ElementsAre(StartsWith("delivery is held back: ")));
    EXPECT_THAT(becomes("paused", seconds{1}), ElementsAre(StartsWith("delivery is paused: ")));
    EXPECT_THAT(becomes("held", seconds{2}), ElementsAre("delivery is no longer paused; 3 events wait"));
    EXPECT_THAT(held_back("held", seconds{60}), ElementsAre(StartsWith("delivery is held back: ")));
    EXPECT_THAT(delivered(), ElementsAre(over));
}

TEST_F(trouble, with_a_breaker_is_over_with_the_answer_that_closes_it_whatever_it_says_of_the_event) {
    EXPECT_THAT(becomes("open", seconds{0}), ElementsAre(StartsWith("delivery is failing: ")));
    EXPECT_THAT(becomes("up", seconds{1}), ElementsAre(over));
}

}  // namespace
}  // namespace posthaste
