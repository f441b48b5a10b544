// Retry-After: seconds and the three forms of a date.

#include "lib/http/retry_after.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

wall_time at(std::string_view time) {
    return parse_rfc3339(time).value();
}

const wall_time now = at("2026-11-25T08:00:00Z");

TEST(retry_after, takes_seconds) {
    EXPECT_EQ(parse_retry_after("0", now), seconds{0});
    EXPECT_EQ(parse_retry_after("120", now), seconds{120});
    EXPECT_EQ(parse_retry_after(" 007\t", now), seconds{7});
}

TEST(retry_after, takes_a_date_in_each_of_its_three_forms) {
    EXPECT_EQ(parse_retry_after("Wed, 25 Nov 2026 08:01:30 GMT", now), seconds{90});
    EXPECT_EQ(parse_retry_after("Wednesday, 25-Nov-26 08:01:30 GMT", now), seconds{90});
    EXPECT_EQ(parse_retry_after("Wed Nov 25 08:01:30 2026", now), seconds{90});
    EXPECT_EQ(parse_retry_after("Sun Dec  6 08:00:00 2026", now), std::chrono::hours{11 * 24});
    EXPECT_EQ(parse_retry_after("Wed, 25 Nov 2026 08:59:60 GMT", now), seconds{3600}) << "a leap second";
}

TEST(retry_after, counts_from_the_very_millisecond) {
    EXPECT_EQ(parse_retry_after("Wed, 25 Nov 2026 08:00:02 GMT", now + milliseconds{1500}), milliseconds{500});
}

TEST(retry_after, of_the_past_is_over) {
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), seconds{0});
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", now), seconds{0}) << "not of the year 2094";
    EXPECT_EQ(parse_retry_after("Sun Nov  6 08:49:37 1994", now), seconds{0});
}

TEST(retry_after, takes_a_short_year_for_the_nearest_that_it_may_mean) {
    EXPECT_EQ(parse_retry_after("Friday, 01-Jan-27 00:00:00 GMT", at("2026-12-31T23:59:00Z")), seconds{60});
    EXPECT_EQ(parse_retry_after("Wednesday, 25-Nov-76 08:00:00 GMT", now), longest_retry_after);
}

TEST(retry_after, that_is_huge_is_cut_to_a_year) {
    EXPECT_EQ(parse_retry_after("99999999", now), longest_retry_after);
    EXPECT_EQ(parse_retry_after("9223372036854775807", now), longest_retry_after);
    EXPECT_EQ(parse_retry_after("99999999999999999999999999", now), longest_retry_after);
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), longest_retry_after);
}

TEST(retry_after, that_is_malformed_is_none) {
    for (const std::string_view text : {
             "",
             " ",
             "-1",
             "+1",
             "1.5",
             "1s",
             "soon",
             "1, 2",
             "Wed, 25 Nov 2026 08:01:30",
             "Wed, 25 Nov 2026 08:01:30 CET",
             "Wed, 25 Nov 2026 08:01:30 GMT and more",
             "Xyz, 25 Nov 2026 08:01:30 GMT",
             "Wed, 25 Nox 2026 08:01:30 GMT",
             "Wed, 31 Nov 2026 08:01:30 GMT",
             "Wed, 25 Nov 2026 24:01:30 GMT",
             "Wed, 25 Nov 2026 08:60:30 GMT",
             "Wed, 25 Nov 2026 08:01:61 GMT",
             "Wed, 5 Nov 2026 08:01:30 GMT",
             "Wed, 25-Nov-26 08:01:30 GMT",
             "Wed Nov 25 08:01:30 26",
             "Wed Nov  x 08:01:30 2026",
             "2026-11-25T08:01:30Z",
         })
        EXPECT_FALSE(parse_retry_after(text, now)) << text;
}

}  // namespace
}  // namespace posthaste
