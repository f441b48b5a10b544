#include "lib/base/quantity.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(duration, is_read_with_its_unit) {
    EXPECT_EQ(parse_duration("250ms"), milliseconds{250});
    EXPECT_EQ(parse_duration("5s"), milliseconds{5000});
    EXPECT_EQ(parse_duration("10m"), milliseconds{600'000});
    EXPECT_EQ(parse_duration("24h"), milliseconds{86'400'000});
    EXPECT_EQ(parse_duration("30d"), milliseconds{2'592'000'000});
    EXPECT_EQ(parse_duration("0s"), milliseconds{0});
}

TEST(duration, may_have_a_fraction_of_whole_milliseconds) {
    EXPECT_EQ(parse_duration("1.5s"), milliseconds{1500});
    EXPECT_EQ(parse_duration("0.25h"), milliseconds{900'000});
    EXPECT_EQ(parse_duration("0.0009765625d"), milliseconds{84375});
    EXPECT_EQ(parse_duration("1.50000000000000000000s"), milliseconds{1500});
    EXPECT_EQ(parse_duration("0.5ms"), std::nullopt);
    EXPECT_EQ(parse_duration("1.0005s"), std::nullopt);
}

TEST(duration, refuses_anything_else) {
    for (const char* text : {"", "5", "0", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "5S", "5sec", "5.s", ".5s", "1e3s",
                             "1,5s", "5us", "1h30m", "0x5s", "１s"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(duration, is_bounded_so_that_the_clocks_can_hold_it) {
    EXPECT_EQ(parse_duration("36500d"), std::chrono::days{36500});
    EXPECT_EQ(parse_duration("36500.5d"), std::nullopt);
    EXPECT_EQ(parse_duration("36501d"), std::nullopt);
    EXPECT_EQ(parse_duration("9223372036854775807d"), std::nullopt);
    EXPECT_EQ(parse_duration("99999999999999999999999ms"), std::nullopt);
}

TEST(duration, is_told_apart_where_only_its_length_is_wrong) {
    for (const char* text :
         {"36501d", "36500.5d", "999999999999d", "9223372036854775807d", "99999999999999999999999ms"})
        EXPECT_TRUE(is_endless_duration(text)) << text;
    for (const char* text :
         {"36500d", "0s", "0.5ms", "99999999999999999999999", "99999999999999999999999x", "-1s", "d"})
        EXPECT_FALSE(is_endless_duration(text)) << text;
}

TEST(size, is_told_apart_where_only_its_length_is_wrong) {
    for (const char* text : {"16777216TiB", "99999999999GiB", "18446744073709551616B"})
        EXPECT_TRUE(is_endless_size(text)) << text;
    for (const char* text : {"18446744073709551615B", "0B", "99999999999.5GiB", "99999999999999999999999", "GiB"})
        EXPECT_FALSE(is_endless_size(text)) << text;
}

TEST(duration, is_written_in_the_largest_unit_that_is_exact) {
    EXPECT_EQ(duration_text(milliseconds{0}), "0s");
    EXPECT_EQ(duration_text(milliseconds{250}), "250ms");
    EXPECT_EQ(duration_text(milliseconds{1500}), "1500ms");
    EXPECT_EQ(duration_text(std::chrono::seconds{90}), "90s");
    EXPECT_EQ(duration_text(std::chrono::seconds{120}), "2m");
    EXPECT_EQ(duration_text(std::chrono::hours{24}), "24h");
    EXPECT_EQ(duration_text(std::chrono::hours{48}), "2d");
    EXPECT_EQ(duration_text(std::chrono::days{30}), "30d");
}

TEST(size, is_read_with_its_unit) {
    EXPECT_EQ(parse_size("0B"), 0u);
    EXPECT_EQ(parse_size("17B"), 17u);
    EXPECT_EQ(parse_size("64KiB"), 65536u);
    EXPECT_EQ(parse_size("1MiB"), 1048576u);
    EXPECT_EQ(parse_size("4GiB"), 4294967296u);
    EXPECT_EQ(parse_size("2TiB"), 2199023255552u);
}

TEST(size, refuses_anything_else) {
    for (const char* text : {"", "5", "0", "MiB", "5 MiB", "5MB", "5mib", "5M", "-5B", "1.5MiB", " 5B", "5B ",
                             "18446744073709551616B", "16777216TiB"}) {
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_size("18446744073709551615B"), std::numeric_limits<std::uint64_t>::max());
}

TEST(size, is_written_in_the_largest_unit_that_is_exact) {
    EXPECT_EQ(size_text(0), "0B");
    EXPECT_EQ(size_text(1023), "1023B");
    EXPECT_EQ(size_text(1048576), "1MiB");
    EXPECT_EQ(size_text(1536), "1536B");
    EXPECT_EQ(size_text(8ULL << 30), "8GiB");
}

TEST(grouped, has_a_comma_before_every_three_digits) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace posthaste
