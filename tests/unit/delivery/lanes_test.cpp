#include "lib/delivery/lanes.hpp"

#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/unit/delivery/support.hpp"

namespace posthaste {
namespace {

using testing::event_of;
using testing::virtual_clock;

class lanes_test : public ::testing::Test {
  protected:
    lanes::offered offer(const std::string& user, sequence number, std::size_t body_bytes = 10) {
        auto event = event_of(user, number, body_bytes);
        return window.offer(event, clock.now());
    }

    sequence start() {
        const auto started = window.start();
        if (!started) return 0;
        last = *started;
        return window.at(last).what.number;
    }

    std::vector<sequence> parked() {
        std::vector<sequence> numbers;
        for (const auto& each : window.take_parked())
            numbers.push_back(each.number);
        return numbers;
    }

    void use(window_bounds bounds) { window = lanes(bounds, std::chrono::minutes{5}); }

    virtual_clock clock;
    lanes window{{.events = 20, .bytes = 1000, .lane_events = 4, .lane_fetches = 2}, std::chrono::minutes{5}};
    slot last = 0;
};

TEST_F(lanes_test, a_lane_has_one_event_in_flight_and_keeps_its_order) {
    offer("ada", 1);
    offer("ada", 2);
    EXPECT_EQ(start(), 1u);
    EXPECT_EQ(start(), 0u);
    window.finish(last, clock.now());
    EXPECT_EQ(start(), 2u);
}

TEST_F(lanes_test, ready_lanes_take_turns) {
    for (sequence number = 1; number <= 3; ++number)
        offer("ada", number);
    offer("bob", 4);
    offer("eve", 5);
    std::vector<sequence> sent;
    while (const auto number = start()) {
        sent.push_back(number);
        window.finish(last, clock.now());
    }
    EXPECT_EQ(sent, (std::vector<sequence>{1, 4, 5, 2, 3}));
}

TEST_F(lanes_test, a_head_that_waits_blocks_its_lane_and_no_other) {
    offer("ada", 1);
    offer("ada", 2);
    offer("bob", 3);
    EXPECT_EQ(start(), 1u);
    window.wait(last, clock.now().steady + seconds{1});
    EXPECT_EQ(start(), 3u);
    window.finish(last, clock.now());
    EXPECT_EQ(start(), 0u);

    EXPECT_EQ(window.next_due(), clock.now().steady + seconds{1});
    clock.advance(milliseconds{999});
    window.release(clock.now().steady);
    EXPECT_EQ(start(), 0u);
    clock.advance(milliseconds{1});
    window.release(clock.now().steady);
    EXPECT_EQ(start(), 1u);
}

TEST_F(lanes_test, a_lanes_surplus_is_parked_and_comes_back_in_order) {
    for (sequence number = 1; number <= 6; ++number)
        EXPECT_EQ(offer("ada", number), number <= 4 ? lanes::offered::taken : lanes::offered::parked);
    EXPECT_EQ(parked(), (std::vector<sequence>{5, 6}));
    EXPECT_FALSE(window.next_refill(7)) << "the lane is not low yet";

    for (const sequence expected : {1u, 2u}) {
        EXPECT_EQ(start(), expected);
        window.finish(last, clock.now());
    }
    const auto request = window.next_refill(7);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->user_id, "ada");
    EXPECT_EQ(request->after, 4u);
    EXPECT_EQ(request->below, 7u);
    EXPECT_EQ(request->max_events, 2u);
    EXPECT_FALSE(window.next_refill(7)) << "one refill of a lane at a time";

    EXPECT_EQ(offer("ada", 7), lanes::offered::parked) << "what is being fetched comes before it";
    lane_page page{.user_id = "ada", .events = {}, .damaged = {}};
    page.events.push_back(event_of("ada", 5));
    page.events.push_back(event_of("ada", 6));
    window.refill(std::move(page), clock.now());
    EXPECT_EQ(offer("ada", 8), lanes::offered::parked) << "7 is still on disk";

    std::vector<sequence> sent;
    while (const auto number = start()) {
        sent.push_back(number);
        window.finish(last, clock.now());
    }
    EXPECT_EQ(sent, (std::vector<sequence>{3, 4, 5, 6}));
    EXPECT_EQ(window.next_refill(9)->after, 6u);
}

TEST_F(lanes_test, a_lane_that_is_whole_again_takes_events_directly) {
    for (sequence number = 1; number <= 5; ++number)
        offer("ada", number);
    for (int sent = 0; sent < 4; ++sent) {
        start();
        window.finish(last, clock.now());
    }
    ASSERT_TRUE(window.next_refill(6));
    lane_page page{.user_id = "ada", .events = {}, .damaged = {}};
    page.events.push_back(event_of("ada", 5));
    window.refill(std::move(page), clock.now());
    EXPECT_EQ(offer("ada", 6), lanes::offered::taken);
}

TEST_F(lanes_test, the_window_is_bounded_in_events) {
    for (sequence number = 1; number <= 20; ++number)
        EXPECT_EQ(offer("user " + std::to_string(number), number), lanes::offered::taken);
    auto refused = event_of("one more", 21);
    EXPECT_EQ(window.offer(refused, clock.now()), lanes::offered::no_room);
    EXPECT_EQ(refused.what.user_id, "one more") << "left untouched";
    EXPECT_EQ(window.lane_count(), 20u);
    start();
    window.finish(last, clock.now());
    EXPECT_EQ(window.offer(refused, clock.now()), lanes::offered::taken);
}

TEST_F(lanes_test, the_window_is_bounded_in_bytes) {
    EXPECT_EQ(offer("ada", 1, 600), lanes::offered::taken);
    EXPECT_EQ(offer("bob", 2, 401), lanes::offered::no_room);
    EXPECT_EQ(offer("bob", 2, 400), lanes::offered::taken);
    EXPECT_EQ(window.byte_room(), 0u);
}

TEST_F(lanes_test, a_body_that_is_larger_than_the_window_has_it_to_itself) {
    EXPECT_EQ(offer("ada", 1, 5000), lanes::offered::taken);
    EXPECT_EQ(offer("bob", 2, 1), lanes::offered::no_room);
    start();
    window.finish(last, clock.now());
    EXPECT_EQ(window.bytes(), 0u);
    EXPECT_EQ(offer("bob", 2, 1), lanes::offered::taken);
}

TEST_F(lanes_test, what_a_waiting_lane_holds_beyond_its_head_is_parked_only_where_others_want_the_room) {
    for (sequence number = 1; number <= 4; ++number)
        offer("ada", number);
    for (sequence number = 5; number <= 20; ++number)
        offer("user " + std::to_string(number), number);
    EXPECT_EQ(start(), 1u);
    window.wait(last, clock.now().steady + seconds{1});
    EXPECT_TRUE(parked().empty());
    EXPECT_EQ(window.size(), 20u);

    window.make_room(2, 0);
    EXPECT_EQ(parked(), (std::vector<sequence>{2, 3, 4}));
    EXPECT_EQ(window.size(), 17u);
    EXPECT_EQ(offer("ada", 21), lanes::offered::parked);

    clock.advance(seconds{1});
    window.release(clock.now().steady);
    std::map<sequence, bool> sent;
    while (const auto number = start()) {
        sent[number] = true;
        window.finish(last, clock.now());
    }
    EXPECT_TRUE(sent[1]);
    const auto request = window.next_refill(22);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->after, 1u) << "what was parked from the window comes first";
}

TEST_F(lanes_test, room_is_made_of_the_longest_waits_and_no_more_than_is_wanted) {
    for (const auto& [user, first, wait] : {std::tuple{"ada", 1u, 10}, {"bob", 5u, 30}, {"eve", 9u, 20}}) {
        for (sequence number = first; number < first + 4; ++number)
            offer(user, number);
        ASSERT_EQ(start(), first);
        window.wait(last, clock.now().steady + seconds{wait});
    }
    window.make_room(8, 0);
    EXPECT_TRUE(parked().empty()) << "there is room for 8 more";
    window.make_room(12, 0);
    EXPECT_EQ(parked(), (std::vector<sequence>{6, 7, 8, 10, 11, 12}));
    window.make_room(20, 0);
    EXPECT_EQ(parked(), (std::vector<sequence>{2, 3, 4})) << "the heads stay";
    EXPECT_EQ(window.size(), 3u);
}

TEST_F(lanes_test, room_is_made_for_bodies_too) {
    for (sequence number = 1; number <= 4; ++number)
        offer("ada", number, 250);
    ASSERT_EQ(start(), 1u);
    window.wait(last, clock.now().steady + seconds{1});
    EXPECT_EQ(window.byte_room(), 0u);
    window.make_room(1, 500);
    EXPECT_EQ(window.byte_room(), 750u);
}

TEST_F(lanes_test, large_bodies_of_a_lane_take_no_more_than_its_part_though_its_head_is_under_way) {
    use({.events = 20, .bytes = 1000, .lane_events = 4, .lane_bytes = 300, .lane_fetches = 2});
    EXPECT_EQ(offer("ada", 1, 400), lanes::offered::taken) << "one is always";
    EXPECT_EQ(offer("ada", 2, 200), lanes::offered::parked);
    EXPECT_EQ(offer("ada", 3, 200), lanes::offered::parked);
    ASSERT_EQ(start(), 1u);
    EXPECT_FALSE(window.next_refill(4)) << "2 would find no room in its part";
    EXPECT_EQ(offer("bob", 4, 500), lanes::offered::taken);
    window.finish(last, clock.now());
    ASSERT_TRUE(window.next_refill(5));
    lane_page page{.user_id = "ada", .events = {}, .damaged = {}};
    page.events.push_back(event_of("ada", 2, 200));
    page.events.push_back(event_of("ada", 3, 200));
    window.refill(std::move(page), clock.now());
    EXPECT_EQ(window.lane_size("ada"), 1u);
    EXPECT_FALSE(window.next_refill(5)) << "not again and again while there is no room in its part";
    ASSERT_EQ(start(), 4u);
    ASSERT_EQ(start(), 2u);
    window.finish(last, clock.now());
    EXPECT_EQ(window.next_refill(5)->after, 2u);
}

TEST_F(lanes_test, lanes_that_wait_cannot_keep_others_out) {
    // Nine users' heads wait, each with more behind it: others find room all the same.
    sequence number = 0;
    for (int user = 0; user < 9; ++user) {
        for (int each = 0; each < 4; ++each)
            offer("sick " + std::to_string(user), ++number);
        if (start() != 0) window.wait(last, clock.now().steady + std::chrono::hours{1});
    }
    window.make_room(1, 1);
    EXPECT_EQ(offer("well", ++number), lanes::offered::taken);
    EXPECT_EQ(start(), number);
}

TEST_F(lanes_test, a_refill_that_finds_no_room_stays_parked_whole) {
    use({.events = 20, .bytes = 1000, .lane_events = 4, .lane_fetches = 2});
    for (sequence number = 1; number <= 7; ++number)
        offer("ada", number, 100);
    EXPECT_EQ(parked(), (std::vector<sequence>{5, 6, 7}));
    for (int sent = 0; sent < 3; ++sent) {
        start();
        window.finish(last, clock.now());
    }
    ASSERT_TRUE(window.next_refill(8));
    offer("bob", 8, 750);
    lane_page page{.user_id = "ada", .events = {}, .damaged = {}};
    page.events.push_back(event_of("ada", 5, 100));
    page.events.push_back(event_of("ada", 6, 100));
    page.events.push_back(event_of("ada", 7, 10));  // would fit, but comes after 6
    window.refill(std::move(page), clock.now());
    EXPECT_TRUE(parked().empty()) << "they still are";
    EXPECT_FALSE(window.next_refill(9)) << "not again and again while there is no room";
    for (int sent = 0; sent < 3; ++sent) {
        start();
        window.finish(last, clock.now());
    }
    EXPECT_EQ(window.next_refill(9)->after, 5u);
}

TEST_F(lanes_test, an_empty_lane_is_refilled_even_without_room_for_its_body) {
    for (sequence number = 1; number <= 5; ++number)
        offer("ada", number, number == 5 ? 500 : 10);
    for (int sent = 0; sent < 4; ++sent) {
        start();
        window.finish(last, clock.now());
    }
    EXPECT_EQ(parked(), (std::vector<sequence>{5}));
    ASSERT_TRUE(window.next_refill(6));
    offer("bob", 6, 900);
    lane_page page{.user_id = "ada", .events = {}, .damaged = {}};
    page.events.push_back(event_of("ada", 5, 500));
    window.refill(std::move(page), clock.now());
    EXPECT_TRUE(parked().empty());
    EXPECT_EQ(window.bytes(), 1400u);
}

TEST_F(lanes_test, room_for_a_refill_is_reserved) {
    for (sequence number = 1; number <= 8; ++number)
        offer("ada", number);
    for (int sent = 0; sent < 2; ++sent) {
        start();
        window.finish(last, clock.now());
    }
    ASSERT_EQ(window.next_refill(9)->max_events, 2u);
    EXPECT_EQ(window.event_room(), 20u - 2u - 2u);
    window.refill({.user_id = "ada", .events = {}, .damaged = {}}, clock.now());
    EXPECT_EQ(window.event_room(), 18u);
}

TEST_F(lanes_test, an_event_read_back_waits_until_it_is_due_but_no_longer_than_the_maximum) {
    auto soon = event_of("ada", 1);
    soon.history.emplace().next_at = clock.now().wall + seconds{7};
    auto far = event_of("bob", 2);  // the wall clock was a day ahead when this was written
    far.history.emplace().next_at = clock.now().wall + std::chrono::hours{24};
    auto past = event_of("eve", 3);
    past.history.emplace().next_at = clock.now().wall - std::chrono::hours{24};
    for (auto* event : {&soon, &far, &past})
        EXPECT_EQ(window.offer(*event, clock.now()), lanes::offered::taken);
    EXPECT_EQ(start(), 3u);
    EXPECT_EQ(start(), 0u);
    EXPECT_EQ(window.next_due(), clock.now().steady + seconds{7});
    clock.advance(std::chrono::minutes{5});
    window.release(clock.now().steady);
    EXPECT_EQ(start(), 1u);
    EXPECT_EQ(start(), 2u);
}

TEST_F(lanes_test, lanes_without_events_are_forgotten) {
    for (sequence number = 1; number <= 100; ++number) {
        offer("user " + std::to_string(number), number);
        start();
        window.finish(last, clock.now());
    }
    EXPECT_EQ(window.lane_count(), 0u);
    EXPECT_EQ(window.size(), 0u);
    EXPECT_EQ(window.bytes(), 0u);
}

}  // namespace
}  // namespace posthaste
