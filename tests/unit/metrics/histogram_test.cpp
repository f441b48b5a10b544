#include "lib/metrics/histogram.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste {
namespace {

using testing::ElementsAre;

constexpr std::array bounds{0.5, 1.0, 10.0};

TEST(histogram, puts_each_value_into_the_first_bucket_whose_bound_it_does_not_pass) {
    histogram measured(bounds);
    for (const double value : {0.0, 0.5, 0.51, 1.0, 9.0, 10.0, 10.5, 1e9})
        measured.observe(value);
    EXPECT_THAT(measured.counts(), ElementsAre(2, 2, 2, 2));
    EXPECT_EQ(measured.count(), 8U);
    EXPECT_DOUBLE_EQ(measured.sum(), 1e9 + 31.51);
}

TEST(histogram, is_empty_at_first) {
    const histogram measured(bounds);
    EXPECT_THAT(measured.counts(), ElementsAre(0, 0, 0, 0));
    EXPECT_EQ(measured.sum(), 0.0);
}

TEST(histogram, takes_times_in_seconds_and_one_that_went_backwards_as_none) {
    histogram measured(bounds);
    measured.observe(std::chrono::milliseconds{700});
    measured.observe(std::chrono::hours{-1});
    EXPECT_THAT(measured.counts(), ElementsAre(1, 1, 0, 0));
    EXPECT_DOUBLE_EQ(measured.sum(), 0.7);
}

}  // namespace
}  // namespace posthaste
