#include "lib/http/bearer.hpp"

#include <gtest/gtest.h>

#include "tests/unit/http/check_head.hpp"

namespace posthaste {
namespace {

// The token, or "!" and what is wrong.
std::string token_of(const std::string& fields) {
    const std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
    const auto read = check_head(head);
    if (!read) return "no head";
    const auto token = bearer_token(*read);
    return token ? std::string(*token) : "!" + std::string(token.error());
}

TEST(bearer_token, is_what_stands_behind_the_scheme_in_any_case) {
    EXPECT_EQ(token_of("Authorization: Bearer one\r\n"), "one");
    EXPECT_EQ(token_of("authorization: bEARER   one\r\n"), "one");
    EXPECT_EQ(token_of("Authorization: bearer one two\r\n"), "one two") << "which is no token of anybody's";
}

TEST(bearer_token, is_none_of_anything_else) {
    EXPECT_EQ(token_of(""), "!has no Authorization header");
    EXPECT_EQ(token_of("X-Authorization: Bearer one\r\n"), "!has no Authorization header");
    for (const char* other : {"Basic b25l", "one", "", "Bearerone", "Bearer,one", "Token one", "Bearer\tone"})
        EXPECT_EQ(token_of("Authorization: " + std::string(other) + "\r\n"),
                  "!has an Authorization header of another scheme")
            << other;
    for (const char* empty : {"Bearer", "Bearer "})
        EXPECT_EQ(token_of("Authorization: " + std::string(empty) + "\r\n"),
                  "!has an Authorization header without a token")
            << empty;
}

TEST(bearer_token, is_none_where_there_are_two) {
    EXPECT_EQ(token_of("Authorization: Bearer one\r\nAUTHORIZATION: Bearer one\r\n"),
              "!has more than one Authorization header");
}

}  // namespace
}  // namespace posthaste
