// Reads that look through many events: slice after slice, as long as their time lasts.

#include "daemon/store/long_read.hpp"

#include <gtest/gtest.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

struct long_read : testing::Test {
    long_read() {
        t.append(ticket("rare"));
        t.append(1'200);
        t.append(ticket("rare"));
    }

    temporary_outbox t;
    std::chrono::microseconds a_look{0};  // at the clock takes so long
    steady_time steady{};
    std::function<instant()> clock = [this] { return instant{t.now, steady += a_look}; };
};

TEST_F(long_read, goes_through_all_slices_while_there_is_time) {
    const auto page = read_long(*t.box, list_request{.user_id = "rare"}, clock).value();
    EXPECT_EQ(page.events.size(), 2U);
    EXPECT_TRUE(page.reached_end);
    const auto found = read_long(*t.box, selection_request{.state = event_state::pending, .user_id = "rare"}, clock);
    EXPECT_EQ(found->numbers, (std::vector<sequence>{1, 1'202}));
    EXPECT_TRUE(found->reached_end);
}

TEST_F(long_read, ends_with_its_time_behind_a_whole_slice) {
    a_look = std::chrono::microseconds{600};
    auto page = read_long(*t.box, list_request{.user_id = "rare"}, clock).value();
    EXPECT_EQ(page.events.size(), 1U);
    EXPECT_EQ(page.last, 1'202U - 1'000 + 1) << "two slices";
    EXPECT_FALSE(page.reached_end);
    page = read_long(*t.box, list_request{.user_id = "rare", .before = page.last}, clock).value();
    EXPECT_EQ(page.events.size(), 1U);
    EXPECT_TRUE(page.reached_end);
}

TEST_F(long_read, ends_with_as_many_as_were_asked_for) {
    const auto one = read_long(*t.box, list_request{.user_id = "rare", .limit = 1}, clock).value();
    EXPECT_EQ(one.events.size(), 1U);
    EXPECT_EQ(one.last, 1'202U);
    const auto many = read_long(*t.box, list_request{.limit = 1'100}, clock).value();
    EXPECT_EQ(many.events.size(), 1'100U);
    EXPECT_EQ(many.last, 1'202U - 1'100 + 1);
    EXPECT_FALSE(many.reached_end);
}

}  // namespace
}  // namespace posthaste
