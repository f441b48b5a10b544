#include "lib/metrics/rate_window.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

using std::chrono::milliseconds;

const steady_time start{seconds{1'000'000}};

TEST(rate_window, is_zero_before_anything_happened) {
    const rate_window window;
    EXPECT_EQ(window.per_second(start), 0.0);
}

TEST(rate_window, spreads_what_happened_over_ten_seconds) {
    rate_window window;
    window.add(start, 50);
    EXPECT_DOUBLE_EQ(window.per_second(start), 5.0);
    EXPECT_DOUBLE_EQ(window.per_second(start + seconds{9}), 5.0);
}

TEST(rate_window, reads_a_steady_flow_steadily_at_any_moment) {
    rate_window window;
    auto now = start;
    for (int i = 0; i < 2000; ++i, now += milliseconds{10}) {
        window.add(now);
        if (i < 1100) continue;
        EXPECT_NEAR(window.per_second(now), 100.0, 0.2) << "after " << i << " events";
    }
}

TEST(rate_window, lets_the_oldest_second_fade_out) {
    rate_window window;
    window.add(start, 100);
    EXPECT_DOUBLE_EQ(window.per_second(start + seconds{10}), 10.0);
    EXPECT_DOUBLE_EQ(window.per_second(start + milliseconds{10'250}), 7.5);
    EXPECT_DOUBLE_EQ(window.per_second(start + seconds{11}), 0.0);
}

TEST(rate_window, forgets_everything_after_a_long_silence) {
    rate_window window;
    for (int i = 0; i < 11; ++i) {
        window.add(start + seconds{i}, 1000);
    }
    window.add(start + seconds{500}, 10);
    EXPECT_DOUBLE_EQ(window.per_second(start + seconds{500}), 1.0);
}

TEST(rate_window, clears_the_seconds_it_skips) {
    rate_window window;
    window.add(start, 100);
    window.add(start + seconds{1}, 100);
    window.add(start + seconds{13}, 100);  // the buckets of the first two seconds are used again
    EXPECT_DOUBLE_EQ(window.per_second(start + seconds{13}), 10.0);
}

TEST(rate_window, takes_a_time_that_goes_back_as_the_latest) {
    rate_window window;
    window.add(start + seconds{5}, 10);
    window.add(start, 10);
    EXPECT_DOUBLE_EQ(window.per_second(start + seconds{5}), 2.0);
    EXPECT_DOUBLE_EQ(window.per_second(start), 2.0);
}

TEST(rate_window, works_where_the_clock_starts_at_zero) {
    rate_window window;
    window.add(steady_time{}, 10);
    EXPECT_DOUBLE_EQ(window.per_second(steady_time{}), 1.0);
    EXPECT_DOUBLE_EQ(window.per_second(steady_time{seconds{20}}), 0.0);
}

}  // namespace
}  // namespace posthaste
