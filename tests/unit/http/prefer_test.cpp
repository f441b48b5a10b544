#include "lib/http/prefer.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

std::optional<seconds> wait_of(std::initializer_list<std::string_view> values) {
    request_head head;
    for (const std::string_view value : values)
        head.fields.push_back({"pReFeR", value});
    return preferred_wait(head);
}

TEST(prefer, takes_the_wait_among_other_preferences) {
    EXPECT_EQ(wait_of({"wait=10"}), seconds{10});
    EXPECT_EQ(wait_of({"respond-async, WAIT = 7 ; foo=1"}), seconds{7});
    EXPECT_EQ(wait_of({"wait=\"5\""}), seconds{5});
    EXPECT_EQ(wait_of({R"(a="x,wait=9\",", wait=4)"}), seconds{4});
    EXPECT_EQ(wait_of({"respond-async", "wait=3"}), seconds{3});
    EXPECT_EQ(wait_of({"wait=1, wait=2"}), seconds{1});
}

TEST(prefer, takes_more_than_a_minute_for_a_minute) {
    EXPECT_EQ(wait_of({"wait=60"}), seconds{60});
    EXPECT_EQ(wait_of({"wait=61"}), seconds{60});
    EXPECT_EQ(wait_of({"wait=99999999999999999999999"}), seconds{60});
}

TEST(prefer, passes_over_what_it_cannot_read) {
    for (const std::string_view value :
         {"", "wait", "wait=", "wait=-1", "wait=1.5", "wait=ten", "await=5", "wait=0", "\"wait=5", "return=minimal"})
        EXPECT_EQ(wait_of({value}), std::nullopt) << value;
    EXPECT_EQ(wait_of({}), std::nullopt);
    EXPECT_EQ(wait_of({"wait=soon, wait=6"}), seconds{6});
}

}  // namespace
}  // namespace posthaste
