#include "lib/base/time.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

wall_time at(std::int64_t unix_ms) {
    return wall_time{milliseconds{unix_ms}};
}

TEST(time, is_written_in_utc_with_milliseconds) {
    EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339(at(1795439109042)), "2026-11-23T13:05:09.042Z");
    EXPECT_EQ(to_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(time, outside_four_digit_years_is_written_as_the_nearest) {
    EXPECT_EQ(to_rfc3339(wall_time::max()), "9999-12-31T23:59:59.999Z");
    EXPECT_EQ(to_rfc3339(wall_time::min()), "0000-01-01T00:00:00.000Z");
}

TEST(time, is_read_back_as_it_was_written) {
    for (const std::int64_t ms : {0LL, 1795439109042LL, -1LL, 951782399999LL, 4102444800000LL}) {
        EXPECT_EQ(parse_rfc3339(to_rfc3339(at(ms))), at(ms));
    }
}

TEST(time, is_read_with_any_offset) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T02:00:00+02:00"), at(0));
    EXPECT_EQ(parse_rfc3339("1969-12-31t20:30:00-03:30"), at(0));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00-00:00"), at(0));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00z"), at(0));
}

TEST(time, is_read_with_any_fraction) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), at(500));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0429Z"), at(42));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.123456789012345678901234567890Z"), at(123));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.Z"), std::nullopt);
}

TEST(time, needs_a_real_calendar_day) {
    EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-02-30T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-04-31T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-13-01T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-00-10T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-00T00:00:00Z"));
}

TEST(time, needs_a_real_time_of_day) {
    EXPECT_FALSE(parse_rfc3339("2026-01-01T24:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:60:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:61Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:00+24:00"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:00+00:60"));
}

TEST(time, takes_a_leap_second_as_the_following_second) {
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
    EXPECT_EQ(parse_rfc3339("2016-12-31T15:59:60.5-08:00"), parse_rfc3339("2017-01-01T00:00:00.5Z"));
    EXPECT_FALSE(parse_rfc3339("2016-12-31T22:59:60Z"));
}

TEST(time, refuses_what_is_no_date_time) {
    for (const char* text :
         {"", "2026-11-23", "2026-11-23T13:05:09", "2026-11-23 13:05:09Z", "2026-11-23T13:05Z", "26-11-23T13:05:09Z",
          "2026-11-23T13:05:09Z ", " 2026-11-23T13:05:09Z", "2026-11-23T13:05:09+0200", "2026-11-23T13:05:09+02",
          "2026-1-23T13:05:09Z", "+026-11-23T13:05:09Z", "2026-11-23T13:05:09,5Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

}  // namespace
}  // namespace posthaste
