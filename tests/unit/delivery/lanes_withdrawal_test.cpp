// What a person takes out of the window, or wants sent at once.

#include <gmock/gmock.h>

#include "lib/delivery/lanes.hpp"
#include "tests/unit/delivery/support.hpp"

namespace posthaste {
namespace {

using ::testing::ElementsAre;
using testing::event_of;
using ::testing::IsEmpty;
using testing::virtual_clock;

class withdrawal : public ::testing::Test {
  protected:
    void offer(const std::string& user, sequence number) {
        auto event = event_of(user, number);
        ASSERT_EQ(window.offer(event, clock.now()), lanes::offered::taken);
    }
    sequence start() {
        const auto started = window.start();
        if (!started) return 0;
        last = *started;
        return window.at(last).what.number;
    }
    void offer_for_later(const std::string& user, sequence number) {
        auto event = event_of(user, number);
        event.history.emplace().next_at = clock.now().wall + seconds{60};
        ASSERT_EQ(window.offer(event, clock.now()), lanes::offered::taken);
    }
    std::vector<sequence> withdraw(std::vector<sequence> numbers) { return window.withdraw(numbers, clock.now()); }

    virtual_clock clock;
    lanes window{{.events = 20, .bytes = 1000, .lane_events = 8, .lane_fetches = 2}, std::chrono::minutes{5}};
    slot last = 0;
};

TEST_F(withdrawal, takes_what_is_not_in_flight_and_names_what_is) {
    for (sequence number = 1; number <= 3; ++number)
        offer("ada", number);
    offer("bob", 4);
    ASSERT_EQ(start(), 1u);
    EXPECT_THAT(withdraw({1, 2, 9}), ElementsAre(1u));
    EXPECT_EQ(window.size(), 3u);
    window.finish(last, clock.now());
    EXPECT_EQ(start(), 4u);
    EXPECT_EQ(start(), 3u);
}

TEST_F(withdrawal, of_a_whole_ready_lane_takes_its_turn_away) {
    offer("ada", 1);
    offer("bob", 2);
    offer("eve", 3);
    EXPECT_THAT(withdraw({2, 3}), IsEmpty());
    EXPECT_EQ(window.lane_count(), 1u);
    offer("tom", 4);
    EXPECT_EQ(start(), 1u);
    EXPECT_EQ(start(), 4u);
    EXPECT_EQ(start(), 0u);
    EXPECT_FALSE(window.any_ready());
}

TEST_F(withdrawal, of_a_head_that_waits_lets_the_rest_of_its_lane_go) {
    offer("ada", 1);
    offer("ada", 2);
    ASSERT_EQ(start(), 1u);
    window.wait(last, clock.now().steady + seconds{60});
    ASSERT_EQ(start(), 0u);
    EXPECT_THAT(withdraw({1}), IsEmpty());
    EXPECT_FALSE(window.next_due());
    EXPECT_EQ(start(), 2u);
}

TEST_F(withdrawal, of_the_head_before_one_that_is_not_due_takes_the_lane_s_turn_away) {
    for (const auto order : {ordering::per_user, ordering::none}) {
        window.set_ordering(order);
        const sequence first = order == ordering::per_user ? 1 : 11;
        offer("ada", first);
        offer_for_later("ada", first + 1);
        EXPECT_THAT(withdraw({first}), IsEmpty());
        EXPECT_FALSE(window.any_ready());
        EXPECT_EQ(start(), 0u);
        EXPECT_TRUE(window.next_due());
        EXPECT_THAT(withdraw({first + 1}), IsEmpty());
        EXPECT_EQ(window.lane_count(), 0u);
    }
}

TEST_F(withdrawal, leaves_no_bytes_and_no_lane_behind) {
    offer("ada", 1);
    offer("ada", 2);
    ASSERT_EQ(start(), 1u);
    window.wait(last, clock.now().steady + seconds{60});
    withdraw({1, 2});
    EXPECT_EQ(window.size(), 0u);
    EXPECT_EQ(window.bytes(), 0u);
    EXPECT_EQ(window.lane_count(), 0u);
}

TEST_F(withdrawal, of_what_is_parked_as_well_ends_the_parking) {
    offer("ada", 1);
    window.park_window();
    (void)window.take_parked();
    withdraw({1});
    const auto over = window.take_unparked();
    ASSERT_EQ(over.size(), 1u);
    EXPECT_EQ(over[0].number, 1u);
}

TEST_F(withdrawal, is_not_needed_to_send_a_waiting_event_at_once) {
    offer("ada", 1);
    offer("ada", 2);
    ASSERT_EQ(start(), 1u);
    window.wait(last, clock.now().steady + seconds{60});
    EXPECT_FALSE(window.hasten(2, clock.now()));
    EXPECT_TRUE(window.hasten(1, clock.now()));
    EXPECT_EQ(start(), 1u);
    EXPECT_FALSE(window.hasten(1, clock.now())) << "it is in flight";
}

}  // namespace
}  // namespace posthaste
