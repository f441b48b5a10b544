#include "lib/delivery/backoff.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

constexpr std::uint64_t highest_random = std::numeric_limits<std::uint64_t>::max();

TEST(backoff, doubles_until_it_meets_the_maximum) {
    const retry_settings retry{.initial = seconds{1}, .max = seconds{10}};
    EXPECT_EQ(longest_backoff(retry, 1), seconds{1});
    EXPECT_EQ(longest_backoff(retry, 2), seconds{2});
    EXPECT_EQ(longest_backoff(retry, 3), seconds{4});
    EXPECT_EQ(longest_backoff(retry, 4), seconds{8});
    EXPECT_EQ(longest_backoff(retry, 5), seconds{10});
    EXPECT_EQ(longest_backoff(retry, 6), seconds{10});
}

TEST(backoff, does_not_overflow_however_often_an_event_failed) {
    const retry_settings retry;
    for (const std::uint32_t failures : {40u, 62u, 63u, 64u, 65u, 1000u, 0xffffffffu})
        EXPECT_EQ(longest_backoff(retry, failures), retry.max) << failures;
    const retry_settings endless{.initial = milliseconds{1}, .max = milliseconds::max()};
    EXPECT_EQ(longest_backoff(endless, 0xffffffffu), milliseconds::max());
    EXPECT_GE(backoff(endless, 0xffffffffu, highest_random), milliseconds::max() / 2);
}

TEST(backoff, lies_between_half_and_the_whole) {
    const retry_settings retry{.initial = milliseconds{1000}, .max = seconds{60}};
    EXPECT_EQ(backoff(retry, 1, 0), milliseconds{500});
    EXPECT_EQ(backoff(retry, 1, 500), milliseconds{1000});
    std::mt19937_64 random(1);
    for (std::uint32_t failures = 1; failures < 12; ++failures) {
        for (int draw = 0; draw < 1000; ++draw) {
            const auto wait = backoff(retry, failures, random());
            EXPECT_GE(wait, longest_backoff(retry, failures) / 2);
            EXPECT_LE(wait, longest_backoff(retry, failures));
        }
    }
}

TEST(backoff, spreads_events_that_failed_together) {
    const retry_settings retry{.initial = milliseconds{1000}, .max = seconds{60}};
    std::mt19937_64 random(2);
    int early = 0;
    for (int draw = 0; draw < 1000; ++draw)
        early += backoff(retry, 1, random()) < milliseconds{750} ? 1 : 0;
    EXPECT_GT(early, 400);
    EXPECT_LT(early, 600);
}

TEST(backoff, is_never_nothing) {
    const retry_settings retry{.initial = milliseconds{0}, .max = milliseconds{0}};
    EXPECT_EQ(longest_backoff(retry, 1), milliseconds{1});
}

TEST(backoff, an_initial_wait_over_the_maximum_is_cut_to_it) {
    const retry_settings retry{.initial = seconds{20}, .max = seconds{10}};
    EXPECT_EQ(longest_backoff(retry, 1), seconds{10});
}

}  // namespace
}  // namespace posthaste
