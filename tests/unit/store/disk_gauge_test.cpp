#include "daemon/store/disk_gauge.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

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

TEST(disk_gauge, asks_again_after_a_second_or_once_much_of_the_reserve_may_be_gone) {
    const temporary_folder parent;
    const std::string folder = parent / "later";
    const std::uint64_t more_than_any = std::uint64_t{1} << 62;
    disk_gauge gauge(folder, more_than_any);  // a folder that is not there cannot be asked
    EXPECT_FALSE(gauge.low(steady_time{}));
    std::filesystem::create_directories(folder);
    EXPECT_FALSE(gauge.low(steady_time{} + milliseconds{999}, more_than_any / 8)) << "asked a moment ago";
    EXPECT_TRUE(gauge.low(steady_time{} + milliseconds{999}, 1)) << "an eighth of the reserve came since";

    disk_gauge later(folder, more_than_any);
    std::filesystem::remove_all(folder);
    EXPECT_FALSE(later.low(steady_time{}));
    std::filesystem::create_directories(folder);
    EXPECT_TRUE(later.low(steady_time{} + seconds{1})) << "a second is over";
}

TEST(disk_gauge, counts_what_is_still_to_be_taken_as_taken) {
    const std::string folder = std::filesystem::temp_directory_path();
    disk_gauge gauge(folder, 1);
    EXPECT_FALSE(gauge.low(steady_time{}));
    EXPECT_TRUE(gauge.low(steady_time{}, 0, std::uint64_t{1} << 62)) << "though it was asked a moment ago";
}

TEST(disk_gauge, asks_at_once_only_where_more_is_to_be_taken_than_it_was_told) {
    const temporary_folder parent;
    const std::string folder = parent / "later";
    disk_gauge gauge(folder, std::uint64_t{1} << 62);  // a folder that is not there cannot be asked
    EXPECT_FALSE(gauge.low(steady_time{}, 0, 5000));
    std::filesystem::create_directories(folder);
    EXPECT_FALSE(gauge.low(steady_time{}, 0, 5000)) << "asked a moment ago";
    EXPECT_FALSE(gauge.low(steady_time{}, 0, 1000)) << "some of it was taken";
    EXPECT_TRUE(gauge.low(steady_time{}, 0, 1001));
}

TEST(disk_gauge, without_a_reserve_is_low_on_a_full_disk_only) {
    EXPECT_FALSE(disk_gauge(std::filesystem::temp_directory_path(), 0).low(steady_time{}));
    EXPECT_TRUE(disk_gauge("/proc", 0).low(steady_time{})) << "which has no blocks at all";
}

}  // namespace
}  // namespace posthaste
