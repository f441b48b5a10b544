#include "lib/outbox/key_filter.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

// The same numbers each time, spread as hashes are.
std::vector<std::uint64_t> hashes(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 spread(seed);
    std::vector<std::uint64_t> made(count);
    std::ranges::generate(made, std::ref(spread));
    return made;
}

std::size_t held(const key_filter& filter, const std::vector<std::uint64_t>& which) {
    return static_cast<std::size_t>(
        std::ranges::count_if(which, [&](std::uint64_t hash) { return filter.may_hold(hash); }));
}

// A million keys, which are as many as are kept.
TEST(key_filter, never_calls_new_what_was_added_and_seldom_known_what_was_not) {
    key_filter filter;
    const auto added = hashes(1, 1'000'000);
    sequence row = 1;
    for (const auto hash : added)
        filter.add(hash, row++);
    EXPECT_EQ(held(filter, added), added.size());
    const auto others = hashes(2, 100'000);
    EXPECT_LT(held(filter, others), others.size() / 20);
}

TEST(key_filter, holds_nothing_at_first) {
    EXPECT_EQ(held(key_filter(), hashes(1, 1000)), 0U);
}

TEST(key_filter, forgets_generations_whose_rows_are_all_gone) {
    key_filter filter(1024);
    const auto added = hashes(3, 4 * 1024);
    sequence row = 1;
    for (const auto hash : added)
        filter.add(hash, row++);
    filter.forget_before(2 * 1024 + 1);
    const std::vector<std::uint64_t> gone(added.begin(), added.begin() + 2 * 1024);
    const std::vector<std::uint64_t> left(added.begin() + 2 * 1024, added.end());
    EXPECT_EQ(held(filter, left), left.size());
    EXPECT_LT(held(filter, gone), gone.size() / 20);
    filter.forget_before(3 * 1024);  // the last key of the third is still there
    EXPECT_EQ(held(filter, left), left.size());
    filter.forget_before(row);
    EXPECT_EQ(held(filter, added), 0U);
}

// Numbers of a transaction that was rolled back are given anew.
TEST(key_filter, keeps_a_generation_for_the_highest_of_its_rows) {
    key_filter filter;
    filter.add(1, 10);
    filter.add(2, 5);
    filter.forget_before(7);
    EXPECT_TRUE(filter.may_hold(1));
}

}  // namespace
}  // namespace posthaste
