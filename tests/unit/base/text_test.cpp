#include "lib/base/text.hpp"

#include <array>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace posthaste {
namespace {

using namespace std::string_literals;

TEST(text, ignores_case_in_ascii_only) {
    EXPECT_TRUE(equals_ignoring_case("Content-Type", "content-tYPE"));
    EXPECT_FALSE(equals_ignoring_case("host", "hosts"));
    EXPECT_FALSE(equals_ignoring_case("\xC3\x84", "\xC3\xA4"));
    EXPECT_FALSE(equals_ignoring_case("[", "{"));  // 0x20 apart, as letters are
    EXPECT_EQ(to_lower("ÄBC"), "Äbc");
}

TEST(text, trims_spaces_and_tabs) {
    EXPECT_EQ(trim(" \t a b\t "), "a b");
    EXPECT_EQ(trim(" \t"), "");
    EXPECT_EQ(trim("a\n"), "a\n");
}

TEST(printable, leaves_ordinary_text_alone) {
    EXPECT_EQ(printable("Ticket Created – größer 日本 🎉"), "Ticket Created – größer 日本 🎉");
}

TEST(printable, escapes_what_controls_a_terminal) {
    EXPECT_EQ(printable("a\nb\tc\rd\x1b[31m\x7f\0"s), "a\\nb\\tc\\rd\\x1b[31m\\x7f\\x00");
    EXPECT_EQ(printable("\u0085\u009b"), "\\u0085\\u009b");  // C1 controls
}

TEST(printable, escapes_what_reorders_or_breaks_a_line) {
    EXPECT_EQ(printable("\u202a\u202e\u2066\u2069"), "\\u202a\\u202e\\u2066\\u2069");
    EXPECT_EQ(printable("\u200e\u200f\u061c"), "\\u200e\\u200f\\u061c");
    EXPECT_EQ(printable("\u2028\u2029"), "\\u2028\\u2029");
}

TEST(printable, escapes_bytes_that_are_no_utf8) {
    EXPECT_EQ(printable("a\xFFz"), "a\\xffz");
    EXPECT_EQ(printable("\xC3"), "\\xc3");
    EXPECT_EQ(printable("\xC0\x80"), "\\xc0\\x80");                    // overlong
    EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");           // a surrogate
    EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // over U+10FFFF
}

TEST(printable, cuts_between_characters) {
    EXPECT_EQ(printable("abcdef", 3), "abc…");
    EXPECT_EQ(printable("abc", 3), "abc");
    EXPECT_EQ(printable("aä", 2), "a…");
    EXPECT_EQ(printable("a\n", 2), "a…");
}

TEST(closest_match, finds_slips_of_the_pen) {
    const std::array<std::string, 3> keys{"response_timeout", "connect_timeout", "url"};
    EXPECT_EQ(closest_match("response_timout", keys), "response_timeout");
    EXPECT_EQ(closest_match("RESPONSE_TIMEOUT", keys), "response_timeout");
    EXPECT_EQ(closest_match("ulr", keys), "url");  // two neighbours swapped are one slip
    EXPECT_EQ(closest_match("u", keys), std::nullopt);
    EXPECT_EQ(closest_match("password", keys), std::nullopt);
    EXPECT_EQ(closest_match(std::string(100000, 'u'), keys), std::nullopt);
}

TEST(closest_match, takes_the_nearest) {
    const std::array<std::string, 2> keys{"connections", "connection"};
    EXPECT_EQ(closest_match("connectio", keys), "connection");
}

TEST(json_quote, escapes_what_json_demands) {
    EXPECT_EQ(json_quote("a\"b\\c/\b\f\n\r\t\x01\x7f"), "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\x7f\"");
    EXPECT_EQ(json_quote("\0"s), "\"\\u0000\"");
    EXPECT_EQ(json_quote("größer"), "\"größer\"");
    EXPECT_EQ(json_quote(""), "\"\"");
}

TEST(json_quote, replaces_what_is_no_utf8) {
    EXPECT_EQ(json_quote("a\xFFz"), "\"a\uFFFDz\"");
    EXPECT_EQ(json_quote("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
}

TEST(json_quote, makes_what_a_parser_reads_back) {
    std::string all;
    for (int c = 0; c < 0x80; ++c)
        all += static_cast<char>(c);
    all += "äöü日本🎉";
    EXPECT_EQ(nlohmann::json::parse(json_quote(all)).get<std::string>(), all);
}

TEST(pointer_token, escapes_tilde_and_slash) {
    EXPECT_EQ(pointer_token("a/b~c"), "a~1b~0c");
    EXPECT_EQ(pointer_token(""), "");
}

}  // namespace
}  // namespace posthaste
