// What is parked of lanes, for how long, and how lanes come back after a restart.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/delivery/lanes.hpp"
#include "tests/unit/delivery/support.hpp"

namespace posthaste {
namespace {

using testing::event_of;
using testing::virtual_clock;

class lanes_parking_test : public ::testing::Test {
  protected:
    using list = std::vector<sequence>;

    void offer(const std::string& user, sequence number, std::size_t body_bytes = 10) {
        auto event = event_of(user, number, body_bytes);
        window.offer(event, clock.now());
    }

    sequence start() {
        const auto started = window.start();
        if (!started) return 0;
        last = *started;
        return window.at(last).what.number;
    }

    sequence send() {
        const auto number = start();
        if (number != 0) window.finish(last, clock.now());
        return number;
    }

    void refill(const std::string& user, const list& numbers, bool more = false) {
        lane_page page{.user_id = user, .events = {}, .damaged = {}, .more = more};
        for (const sequence number : numbers)
            page.events.push_back(event_of(user, number));
        window.refill(std::move(page), clock.now());
    }

    static list numbers_of(const std::vector<parked_event>& events) {
        list numbers;
        for (const auto& each : events)
            numbers.push_back(each.number);
        return numbers;
    }
    list parked() { return numbers_of(window.take_parked()); }
    list unparked() { return numbers_of(window.take_unparked()); }

    virtual_clock clock;
    lanes window{{.events = 20, .bytes = 1000, .lane_events = 4, .lane_fetches = 30}, std::chrono::minutes{5}};
    slot last = 0;
};

TEST_F(lanes_parking_test, what_finds_no_room_is_parked_where_its_lane_can_start_nothing) {
    offer("ada", 1, 400);
    offer("bob", 2, 500);
    auto blocked = event_of("ada", 3, 400);
    EXPECT_EQ(window.offer(blocked, clock.now()), lanes::offered::no_room) << "ada is ready: it waits for its turn";
    ASSERT_EQ(start(), 1u);
    EXPECT_EQ(window.offer(blocked, clock.now()), lanes::offered::parked);
    auto small = event_of("eve", 4, 50);
    EXPECT_EQ(window.offer(small, clock.now()), lanes::offered::taken);
    EXPECT_EQ(parked(), list{3});
}

TEST_F(lanes_parking_test, what_was_never_parked_is_not_unparked) {
    offer("ada", 1);
    EXPECT_EQ(send(), 1u);
    EXPECT_TRUE(parked().empty());
    EXPECT_TRUE(unparked().empty());
}

TEST_F(lanes_parking_test, an_event_stays_parked_until_it_is_through) {
    for (sequence number = 1; number <= 5; ++number)
        offer("ada", number);
    EXPECT_EQ(parked(), (list{5}));
    for (int sent = 0; sent < 4; ++sent)
        send();
    ASSERT_TRUE(window.next_refill(6));
    refill("ada", {5});
    EXPECT_EQ(start(), 5u);
    window.wait(last, clock.now().steady + seconds{1});
    EXPECT_TRUE(unparked().empty());
    clock.advance(seconds{1});
    window.release(clock.now().steady);
    EXPECT_EQ(send(), 5u);
    const auto through = window.take_unparked();
    ASSERT_EQ(through.size(), 1u);
    EXPECT_EQ(through[0].user_id, "ada");
    EXPECT_EQ(through[0].number, 5u);
}

TEST_F(lanes_parking_test, the_window_is_parked_once_and_kept) {
    offer("ada", 1);
    offer("ada", 2);
    offer("bob", 3);
    EXPECT_EQ(start(), 1u);
    EXPECT_EQ(start(), 3u);
    window.wait(last, clock.now().steady + seconds{1});
    window.park_window();
    EXPECT_EQ(parked(), (list{1, 2, 3})) << "in flight, queued and waiting";
    EXPECT_EQ(window.size(), 3u);
    offer("eve", 4);
    window.park_window();
    EXPECT_EQ(parked(), (list{4}));
    offer("ada", 5);
    EXPECT_TRUE(parked().empty()) << "nothing of the lane is beyond the window";
}

TEST_F(lanes_parking_test, a_place_that_is_used_again_is_not_parked_any_more) {
    offer("ada", 1);
    window.park_window();
    EXPECT_EQ(parked(), (list{1}));
    send();
    EXPECT_EQ(unparked(), (list{1}));
    offer("ada", 2);
    send();
    EXPECT_TRUE(unparked().empty());
}

TEST_F(lanes_parking_test, room_is_made_without_a_write_of_what_is_parked_already) {
    for (sequence number = 1; number <= 4; ++number)
        offer("ada", number);
    window.park_window();
    EXPECT_EQ(parked(), (list{1, 2, 3, 4}));
    EXPECT_EQ(start(), 1u);
    window.wait(last, clock.now().steady + seconds{1});
    window.make_room(20, 0);
    EXPECT_EQ(window.size(), 1u);
    EXPECT_TRUE(parked().empty());
    clock.advance(seconds{1});
    window.release(clock.now().steady);
    send();
    EXPECT_EQ(unparked(), (list{1}));
    EXPECT_EQ(window.next_refill(5)->after, 1u) << "and is found again";
}

TEST_F(lanes_parking_test, an_adopted_lane_is_filled_before_anything_newer_of_it) {
    window.adopt("ada");
    offer("ada", 9);
    EXPECT_EQ(parked(), (list{9})) << "what was parked before comes first";
    EXPECT_EQ(start(), 0u);
    const auto request = window.next_refill(9);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->user_id, "ada");
    EXPECT_EQ(request->after, 0u);
    EXPECT_EQ(request->below, 9u);
    refill("ada", {2, 4}, true);
    EXPECT_EQ(send(), 2u);
    EXPECT_EQ(unparked(), (list{2}));
}

TEST_F(lanes_parking_test, it_is_known_whether_more_may_be_on_disk) {
    for (sequence number = 1; number <= 4; ++number)
        offer("ada", number);
    EXPECT_FALSE(window.any_parked());
    offer("ada", 5);
    offer("ada", 6);
    EXPECT_TRUE(window.any_parked());
    window.adopt("bob");
    ASSERT_TRUE(window.next_refill(9));
    refill("bob", {});
    EXPECT_TRUE(window.any_parked()) << "of ada";
    EXPECT_EQ(send(), 1u);
    EXPECT_EQ(send(), 2u);
    ASSERT_TRUE(window.next_refill(9));
    refill("ada", {5, 6});
    EXPECT_FALSE(window.any_parked());
}

TEST_F(lanes_parking_test, an_adopted_lane_without_events_is_forgotten) {
    window.adopt("ada");
    ASSERT_TRUE(window.next_refill(9));
    refill("ada", {});
    EXPECT_EQ(window.lane_count(), 0u);
}

TEST_F(lanes_parking_test, adopted_lanes_share_the_window) {
    for (int user = 0; user < 25; ++user)
        window.adopt("user " + std::to_string(user));
    std::size_t asked = 0;
    while (const auto request = window.next_refill(100)) {
        EXPECT_EQ(request->max_events, 1u);
        ++asked;
    }
    EXPECT_EQ(asked, 20u) << "a full window";
    EXPECT_TRUE(window.any_starving());
}

TEST_F(lanes_parking_test, a_lane_alone_takes_its_whole_part) {
    window.adopt("ada");
    EXPECT_EQ(window.next_refill(100)->max_events, 4u);
    EXPECT_FALSE(window.any_starving());
}

}  // namespace
}  // namespace posthaste
