// Who may go while others of the same user are in flight or wait, and in which turn.

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/delivery/lanes.hpp"
#include "tests/unit/delivery/support.hpp"

namespace posthaste {
namespace {

using testing::event_of;
using testing::virtual_clock;

class lanes_ordering_test : public ::testing::Test {
  protected:
    lanes::offered offer(const std::string& user, sequence number) {
        auto event = event_of(user, number);
        return window.offer(event, clock.now());
    }

    void offer_all(const std::string& user, sequence first, sequence last) {
        for (sequence number = first; number <= last; ++number)
            offer(user, number);
    }

    sequence start() {
        const auto started = window.start();
        if (!started) return 0;
        flying[window.at(*started).what.number] = *started;
        return window.at(*started).what.number;
    }

    std::vector<sequence> start_all() {
        std::vector<sequence> numbers;
        while (const auto number = start())
            numbers.push_back(number);
        return numbers;
    }

    void wait(sequence number, int how_long) { window.wait(flying.at(number), clock.now().steady + seconds{how_long}); }
    void finish(sequence number) { window.finish(flying.at(number), clock.now()); }
    void pass(int how_long) {
        clock.advance(seconds{how_long});
        window.release(clock.now().steady);
    }

    void use(ordering order) {
        window =
            lanes({.events = 20, .bytes = 1000, .lane_events = 4, .lane_fetches = 2}, std::chrono::minutes{5}, order);
    }

    std::vector<sequence> parked() {
        std::vector<sequence> numbers;
        for (const auto& each : window.take_parked())
            numbers.push_back(each.number);
        return numbers;
    }

    using list = std::vector<sequence>;

    virtual_clock clock;
    lanes window{{.events = 20, .bytes = 1000, .lane_events = 4, .lane_fetches = 2}, std::chrono::minutes{5}};
    std::map<sequence, slot> flying;
};

TEST_F(lanes_ordering_test, what_is_put_back_goes_first_of_its_lane_once_the_others_had_their_turn) {
    offer_all("ada", 1, 2);
    offer("bob", 3);
    offer("eve", 4);
    EXPECT_EQ(start(), 1u);
    window.put_back(flying.at(1));
    EXPECT_EQ(start_all(), (list{3, 4, 1}));
    finish(1);
    EXPECT_EQ(start(), 2u);
}

TEST_F(lanes_ordering_test, what_is_put_back_is_not_waited_for) {
    offer("ada", 1);
    start();
    window.put_back(flying.at(1));
    EXPECT_FALSE(window.next_due());
    EXPECT_EQ(window.size(), 1u);
    EXPECT_EQ(start(), 1u);
}

TEST_F(lanes_ordering_test, without_order_no_event_waits_for_another) {
    use(ordering::none);
    offer_all("ada", 1, 4);
    EXPECT_EQ(start(), 1u);
    EXPECT_EQ(start(), 2u);
    wait(1, 10);
    EXPECT_EQ(start_all(), (list{3, 4}));
    finish(3);
    finish(2);
    pass(10);
    EXPECT_EQ(start_all(), (list{1}));
    finish(4);
    finish(1);
    EXPECT_EQ(window.lane_count(), 0u);
}

TEST_F(lanes_ordering_test, without_order_users_still_take_turns) {
    use(ordering::none);
    offer_all("ada", 1, 4);
    offer_all("bob", 5, 6);
    offer("eve", 7);
    EXPECT_EQ(start_all(), (list{1, 5, 7, 2, 6, 3, 4}));
}

TEST_F(lanes_ordering_test, what_was_waited_for_comes_back_to_its_place) {
    use(ordering::none);
    offer_all("ada", 1, 4);
    start_all();
    wait(3, 1);
    wait(1, 3);
    wait(4, 2);
    wait(2, 4);
    EXPECT_EQ(window.next_due(), clock.now().steady + seconds{1});
    pass(3);
    EXPECT_EQ(start_all(), (list{1, 3, 4}));
    pass(1);
    EXPECT_EQ(start_all(), (list{2}));
}

TEST_F(lanes_ordering_test, without_order_a_retry_that_was_read_back_holds_nobody) {
    use(ordering::none);
    auto later = event_of("ada", 1);
    later.history.emplace().next_at = clock.now().wall + seconds{7};
    window.offer(later, clock.now());
    auto behind = event_of("ada", 3);
    behind.history.emplace().next_at = clock.now().wall + seconds{5};
    offer("ada", 2);
    window.offer(behind, clock.now());
    offer("ada", 4);
    EXPECT_EQ(start_all(), (list{2, 4}));
    pass(5);
    EXPECT_EQ(start_all(), (list{3}));
    pass(2);
    EXPECT_EQ(start_all(), (list{1}));
}

TEST_F(lanes_ordering_test, without_order_a_lane_has_its_part_of_the_window_and_no_more) {
    use(ordering::none);
    offer_all("ada", 1, 3);
    start_all();
    EXPECT_EQ(offer("ada", 4), lanes::offered::taken);
    EXPECT_EQ(offer("ada", 5), lanes::offered::parked) << "those in flight count";
    finish(2);
    EXPECT_FALSE(window.next_refill(6));
    finish(3);
    const auto refill = window.next_refill(6);
    ASSERT_TRUE(refill);
    EXPECT_EQ(refill->after, 4u);
    EXPECT_EQ(refill->max_events, 2u);
}

TEST_F(lanes_ordering_test, without_order_those_that_wait_keep_no_others_of_their_lane_out) {
    use(ordering::none);
    offer_all("ada", 1, 4);
    EXPECT_EQ(offer("ada", 5), lanes::offered::parked);
    start_all();
    wait(1, 10);
    EXPECT_FALSE(window.next_refill(6)) << "three are in flight";
    wait(2, 10);
    const auto refill = window.next_refill(6);
    ASSERT_TRUE(refill) << "though nothing of it was finished";
    EXPECT_EQ(refill->after, 4u);
    EXPECT_EQ(refill->max_events, 2u);
}

TEST_F(lanes_ordering_test, without_order_those_that_wait_count_once_half_of_the_window_is_taken) {
    use(ordering::none);
    for (sequence number = 1; number <= 11; ++number) {
        ASSERT_EQ(offer("ada", number), lanes::offered::taken);
        start_all();
        wait(number, 10);
    }
    EXPECT_EQ(offer("ada", 12), lanes::offered::parked) << "11 of 20 places are taken";
    EXPECT_FALSE(window.next_refill(13));
    EXPECT_EQ(offer("bob", 13), lanes::offered::taken);
}

TEST_F(lanes_ordering_test, without_order_too_room_is_made_of_what_waits_but_for_the_first) {
    use(ordering::none);
    offer_all("ada", 1, 4);
    offer("bob", 5);
    start_all();
    for (const sequence number : {1u, 2u, 3u, 4u})
        wait(number, 50 - static_cast<int>(number));
    window.make_room(19, 0);
    EXPECT_EQ(parked(), (list{2, 3, 4}));
    EXPECT_EQ(window.size(), 2u);
    offer("ada", 6);
    EXPECT_EQ(parked(), (list{6}));
    EXPECT_FALSE(window.next_refill(7)) << "not as long as the room may be wanted";
    pass(47);
    EXPECT_FALSE(window.next_due() == clock.now().steady) << "what was parked is not waited for";
    EXPECT_EQ(start(), 0u);
    pass(2);
    EXPECT_EQ(start(), 1u);
    const auto refill = window.next_refill(7);
    ASSERT_TRUE(refill) << "its first one is due";
    EXPECT_EQ(refill->after, 1u);
}

TEST_F(lanes_ordering_test, order_that_is_given_up_lets_those_go_that_waited_for_others) {
    offer_all("ada", 1, 3);
    offer_all("bob", 4, 6);
    EXPECT_EQ(start_all(), (list{1, 4}));
    wait(4, 10);
    window.set_ordering(ordering::none);
    const auto started = start_all();
    EXPECT_EQ(std::set<sequence>(started.begin(), started.end()), (std::set<sequence>{2, 3, 5, 6}));
    pass(10);
    EXPECT_EQ(start_all(), (list{4}));
}

TEST_F(lanes_ordering_test, order_that_is_wanted_again_holds_once_what_is_under_way_is_through) {
    use(ordering::none);
    offer_all("ada", 1, 4);
    offer("bob", 5);
    EXPECT_EQ(start(), 1u);
    EXPECT_EQ(start(), 5u);
    EXPECT_EQ(start(), 2u);
    wait(1, 10);
    window.set_ordering(ordering::per_user);
    EXPECT_FALSE(window.any_ready()) << "one is in flight and one waits";
    finish(2);
    EXPECT_EQ(start(), 0u);
    pass(10);
    EXPECT_EQ(start_all(), (list{1}));
    finish(1);
    EXPECT_EQ(start_all(), (list{3}));
    finish(3);
    EXPECT_EQ(start_all(), (list{4}));
}

TEST_F(lanes_ordering_test, room_is_made_of_what_comes_after_the_first_that_waits_also_between_two_orders) {
    use(ordering::none);
    offer_all("ada", 1, 4);
    EXPECT_EQ(start(), 1u);
    EXPECT_EQ(start(), 2u);
    EXPECT_EQ(start(), 3u);
    wait(2, 10);
    wait(3, 20);
    window.put_back(flying.at(1));
    window.set_ordering(ordering::per_user);
    window.make_room(20, 0);
    EXPECT_EQ(parked(), (list{4, 3})) << "they are read again after 2";
    pass(10);
    EXPECT_EQ(start(), 1u);
    finish(1);
    EXPECT_EQ(start(), 2u);
    finish(2);
    EXPECT_EQ(window.next_refill(5)->after, 2u);
}

}  // namespace
}  // namespace posthaste
