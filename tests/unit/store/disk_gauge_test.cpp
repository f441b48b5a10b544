#include "daemon/store/disk_gauge.hpp"

#include <filesystem>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(disk_gauge, is_low_under_the_reserve_until_a_tenth_more_is_free) {
    constexpr std::uint64_t reserve = 1000;
    EXPECT_FALSE(disk_gauge::low_with(1000, reserve, false));
    EXPECT_TRUE(disk_gauge::low_with(999, reserve, false));
    EXPECT_TRUE(disk_gauge::low_with(1099, reserve, true));
    EXPECT_FALSE(disk_gauge::low_with(1100, reserve, true));
}

TEST(disk_gauge, asks_the_file_system) {
    const std::string folder = std::filesystem::temp_directory_path();
    EXPECT_TRUE(disk_gauge(folder, std::uint64_t{1} << 62).low(steady_time{}));
    EXPECT_FALSE(disk_gauge(folder, 1).low(steady_time{}));
}

TEST(disk_gauge, without_a_reserve_is_never_low) {
    EXPECT_FALSE(disk_gauge("/", 0).low(steady_time{}));
}

}  // namespace
}  // namespace posthaste
