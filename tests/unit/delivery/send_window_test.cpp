#include "lib/delivery/send_window.hpp"

#include <gtest/gtest.h>

#include "lib/delivery/token_bucket.hpp"

namespace posthaste {
namespace {

constexpr steady_time start{std::chrono::hours{1}};

void succeed(send_window& window, int times) {
    for (int each = 0; each < times; ++each)
        window.succeeded(window.start(start));
}

TEST(send_window, begins_at_four_or_at_what_is_allowed) {
    EXPECT_EQ(send_window(32).size(), 4u);
    EXPECT_EQ(send_window(2).size(), 2u);
}

TEST(send_window, grows_by_one_with_each_window_of_successes_up_to_what_is_allowed) {
    send_window window(6);
    succeed(window, 3);
    EXPECT_EQ(window.size(), 4u);
    succeed(window, 1);
    EXPECT_EQ(window.size(), 5u);
    succeed(window, 5);
    EXPECT_EQ(window.size(), 6u);
    succeed(window, 100);
    EXPECT_EQ(window.size(), 6u);
}

TEST(send_window, halves_once_for_all_that_was_sent_before_the_halving) {
    send_window window(32);
    const auto first = window.start(start);
    const auto second = window.start(start);
    window.overloaded(first);
    EXPECT_EQ(window.size(), 2u);
    window.overloaded(second);
    EXPECT_EQ(window.size(), 2u) << "was sent into the same overload";
    window.overloaded(window.start(start));
    EXPECT_EQ(window.size(), 1u);
    window.overloaded(window.start(start));
    EXPECT_EQ(window.size(), 1u);
}

TEST(send_window, grows_half_as_fast_once_it_met_the_limit) {
    send_window window(32);
    window.overloaded(window.start(start));
    succeed(window, 3);
    EXPECT_EQ(window.size(), 2u);
    succeed(window, 1);
    EXPECT_EQ(window.size(), 3u);
}

TEST(send_window, starts_again_at_one) {
    send_window window(32);
    window.restart();
    EXPECT_EQ(window.size(), 1u);
    succeed(window, 1);
    EXPECT_EQ(window.size(), 2u);
}

TEST(send_window, what_was_sent_before_a_stop_says_nothing_afterwards) {
    send_window window(32);
    const auto before = window.start(start);
    window.restart();
    succeed(window, 3);
    ASSERT_EQ(window.size(), 3u);
    window.overloaded(before);
    EXPECT_EQ(window.size(), 3u);
    for (int each = 0; each < 100; ++each)
        window.succeeded(before);
    EXPECT_EQ(window.size(), 3u);
}

TEST(send_window, follows_a_smaller_bound_at_once) {
    send_window window(32);
    window.set_most(3);
    EXPECT_EQ(window.size(), 3u);
    window.set_most(8);
    succeed(window, 3);
    EXPECT_EQ(window.size(), 4u);
}

TEST(send_window, leaves_gaps_where_even_one_at_a_time_is_too_much) {
    send_window window(32);
    window.restart();
    milliseconds expected{1};
    for (int refusal = 0; refusal < 8; ++refusal) {
        window.overloaded(window.start(start));
        (void)window.start(start);
        EXPECT_EQ(window.next() - start, std::min(expected, milliseconds{20})) << refusal;
        expected *= 2;
    }
    const auto widest = window.next() - start;
    succeed(window, 10);
    EXPECT_LT(window.next() - start, widest) << "each success makes them shorter";
    EXPECT_EQ(window.size(), 1u) << "two at once would undo them";
    succeed(window, 300);
    EXPECT_GT(window.size(), 1u);
}

TEST(send_window, spreads_what_follows_a_hold) {
    send_window window(32);
    window.held();
    EXPECT_EQ(window.size(), 1u);
    (void)window.start(start);
    EXPECT_EQ(window.next() - start, milliseconds{1});
    window.held();
    (void)window.start(start);
    EXPECT_EQ(window.next() - start, milliseconds{2});
}

TEST(token_bucket, without_a_limit_always_has_one) {
    token_bucket bucket;
    bucket.take(start);
    EXPECT_LE(bucket.next(), start);
}

TEST(token_bucket, gives_so_many_a_second_and_hardly_more_at_once) {
    token_bucket bucket;
    bucket.limit(100);
    int taken = 0;
    for (auto now = start; now < start + seconds{10}; now += milliseconds{1}) {
        while (bucket.next() <= now) {
            bucket.take(now);
            ++taken;
        }
        ASSERT_LE(taken, 2 + std::chrono::duration_cast<milliseconds>(now - start).count() / 10) << "at any moment";
    }
    EXPECT_NEAR(taken, 1000, 2);
}

TEST(token_bucket, saves_nothing_up) {
    token_bucket bucket;
    bucket.limit(10);
    bucket.take(start);
    const auto later = start + std::chrono::hours{1};
    bucket.take(later);
    EXPECT_GT(bucket.next(), later);
}

TEST(token_bucket, a_changed_limit_gives_nothing_away) {
    token_bucket bucket;
    bucket.limit(1);
    bucket.take(start);
    bucket.limit(1000);
    EXPECT_EQ(bucket.next(), start + seconds{1});
    bucket.limit(std::nullopt);
    EXPECT_LE(bucket.next(), start);
}

}  // namespace
}  // namespace posthaste
