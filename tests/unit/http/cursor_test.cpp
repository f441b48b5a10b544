#include "lib/http/cursor.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(cursor, gives_back_what_it_was_made_of) {
    for (const sequence last : {sequence{0}, sequence{1}, sequence{77}, max_sequence})
        EXPECT_EQ(parse_cursor(to_cursor(last)), last);
}

TEST(cursor, takes_nothing_else) {
    for (const auto* text : {"", "c1", "c2ff", "1", "c1g", "c1 1", "c1-1", "c1+1", "c10x1", "c1100000000000", "C11",
                             "c1A", "c1fF", "c101", "c100"})
        EXPECT_EQ(parse_cursor(text), std::nullopt) << text;
}

}  // namespace
}  // namespace posthaste
