// What the log says of an outbox that takes nothing new: once where it begins and ends, however it flaps.

#include "lib/outbox/acceptance_story.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

constexpr steady_time start{std::chrono::hours{1}};
constexpr auto begins = "no new events are taken, posts get 503: full";

class acceptance : public ::testing::Test {
  protected:
    std::string looked(milliseconds at, bool full, std::uint64_t refused = 0) {
        const auto line = story.looked(start + at, full ? "full" : "", refused);
        return line ? line->text : "";
    }

    acceptance_story story;
};

TEST_F(acceptance, is_told_to_stop_and_to_go_on_with_what_was_refused_in_between) {
    EXPECT_EQ(looked(seconds{0}, false), "");
    EXPECT_FALSE(story.waits());
    EXPECT_EQ(looked(seconds{1}, true), begins);
    EXPECT_EQ(looked(seconds{2}, true, 3), "");
    EXPECT_TRUE(story.waits());
    EXPECT_EQ(looked(seconds{300}, true, 4), "");
    EXPECT_EQ(looked(seconds{301}, false), "new events are taken again; 7 requests were refused meanwhile");
    EXPECT_EQ(looked(seconds{302}, false), "");
    EXPECT_FALSE(story.waits());
}

TEST_F(acceptance, that_stops_again_within_a_minute_is_told_once_it_is_over) {
    EXPECT_EQ(looked(seconds{0}, true, 1), begins);
    EXPECT_EQ(looked(seconds{1}, false), "new events are taken again; 1 request was refused meanwhile");
    EXPECT_EQ(looked(seconds{2}, true, 2), "");
    EXPECT_EQ(looked(seconds{59}, true), "");
    EXPECT_EQ(looked(seconds{60}, true), begins);
    EXPECT_EQ(looked(seconds{70}, false), "new events are taken again; 2 requests were refused meanwhile");
}

TEST_F(acceptance, goes_on_beside_what_is_refused_alone_and_does_not_count_it_later) {
    for (int each = 0; each < 720; ++each)
        EXPECT_EQ(looked(seconds{each * 5}, false, 1), "") << "a batch for which there is no room";
    EXPECT_EQ(looked(seconds{3600}, true, 1), begins);
    EXPECT_EQ(looked(seconds{3605}, false), "new events are taken again; 1 request was refused meanwhile");
}

TEST_F(acceptance, that_flaps_costs_a_line_and_its_end_a_minute_and_loses_no_refusal) {
    int lines = 0;
    for (int each = 0; each < 60'000; ++each)
        lines += looked(milliseconds{each}, each % 2 == 0, each % 2 == 0 ? 1 : 0).empty() ? 0 : 1;
    EXPECT_EQ(lines, 2);
    EXPECT_TRUE(story.waits());
    EXPECT_EQ(looked(seconds{60}, false),
              "for moments no new events were taken since the last such line; 29999 requests were refused, and events "
              "are taken again");
    EXPECT_FALSE(story.waits());
}

}  // namespace
}  // namespace posthaste
