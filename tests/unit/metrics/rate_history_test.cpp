#include "lib/metrics/rate_history.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

using std::chrono::milliseconds;
using rates = std::vector<double>;

const steady_time start{seconds{1'000'000}};
const std::int64_t first = rate_history::span_of(start);

TEST(rate_history, is_zero_where_nothing_happened) {
    const rate_history history;
    EXPECT_EQ(history.per_second(first, first + 3), rates(3, 0.0));
    EXPECT_EQ(history.per_second(first, first), rates{});
}

TEST(rate_history, tells_events_a_second_for_each_five_seconds) {
    rate_history history;
    history.add(start, 10);
    history.add(start + milliseconds{4'999}, 5);
    history.add(start + seconds{10});
    EXPECT_EQ(history.per_second(first - 1, first + 4), (rates{0, 3, 0, 0.2, 0}));
}

TEST(rate_history, remembers_fifteen_minutes_and_no_more) {
    rate_history history;
    history.add(start, 5);
    history.add(start + seconds{5}, 10);
    history.add(start + std::chrono::minutes{15}, 15);
    EXPECT_EQ(history.per_second(first, first + 2), (rates{1, 2}));
    history.add(start + std::chrono::minutes{15} + seconds{5}, 20);
    EXPECT_EQ(history.per_second(first, first + 2), (rates{0, 2}));
    EXPECT_EQ(history.per_second(first + 180, first + 182), (rates{3, 4}));
}

TEST(rate_history, forgets_everything_after_a_long_silence) {
    rate_history history;
    for (int i = 0; i < 400; ++i)
        history.add(start + i * seconds{5}, 5);
    const auto later = start + std::chrono::hours{5};
    history.add(later, 5);
    const auto now = rate_history::span_of(later);
    rates expected(181, 0.0);
    expected.back() = 1;
    EXPECT_EQ(history.per_second(now - 180, now + 1), expected);
}

TEST(rate_history, takes_a_time_that_went_back_as_the_latest) {
    rate_history history;
    history.add(start + seconds{10}, 5);
    history.add(start, 5);
    EXPECT_EQ(history.per_second(first, first + 3), (rates{0, 0, 2}));
}

}  // namespace
}  // namespace posthaste
