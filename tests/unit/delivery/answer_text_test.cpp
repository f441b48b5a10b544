#include "lib/delivery/answer_text.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(error_text, is_the_json_message) {
    EXPECT_EQ(error_text(400, R"({"code": 7, "message": "Unknown event"})", ""), "Unknown event");
}

TEST(error_text, is_the_beginning_of_anything_else) {
    EXPECT_EQ(error_text(502, "Bad Gateway", ""), "Bad Gateway");
    EXPECT_EQ(error_text(400, R"({"error": "no"})", ""), R"({"error": "no"})");
    EXPECT_EQ(error_text(400, R"({"message": 7})", ""), R"({"message": 7})");
    EXPECT_EQ(error_text(400, R"({"message": "cut o)", ""), R"({"message": "cut o)");
}

TEST(error_text, names_the_status_where_the_answer_says_nothing) {
    EXPECT_EQ(error_text(503, "", ""), "the upstream answered 503 without a message");
}

TEST(error_text, is_bounded) {
    EXPECT_LE(error_text(500, std::string(100'000, 'a'), "").size(), max_error_text_bytes + 3);
    EXPECT_LE(error_text(500, R"({"message": ")" + std::string(50'000, 'a') + "\"}", "").size(),
              max_error_text_bytes + 3);
}

TEST(error_text, is_safe_to_show) {
    EXPECT_EQ(error_text(500, "\x1b[31mred", "").find('\x1b'), std::string::npos);
    EXPECT_EQ(error_text(500, R"({"message": "two\nlines"})", "").find('\n'), std::string::npos);
}

TEST(error_text, hides_the_key_that_an_upstream_quotes) {
    EXPECT_EQ(error_text(401, R"({"message": "no such key: secret-key, secret-key"})", "secret-key"),
              "no such key: [the API key], [the API key]");
    EXPECT_EQ(error_text(401, "Bearer secret-key", "secret-key"), "Bearer [the API key]");
    for (std::size_t before = max_error_text_bytes - 12; before < max_error_text_bytes + 2; ++before)
        EXPECT_EQ(error_text(401, std::string(before, 'a') + " secret-key", "secret-key").find("secret"),
                  std::string::npos)
            << before;
}

TEST(error_text, hides_a_short_key_as_a_whole_word_only) {
    EXPECT_EQ(error_text(401, "test: the contest of test-bed, latest_test and testtest (test) is a \"test\"", "test"),
              "[the API key]: the contest of test-bed, latest_test and testtest ([the API key]) is a "
              "\"[the API key]\"");
    EXPECT_EQ(error_text(401, "no key xtest01234567y", "test01234567"), "no key x[the API key]y")
        << "a long one wherever it stands";
}

TEST(without_key, leaves_the_body_of_a_success_alone_where_the_key_may_be_any_word) {
    const std::string body = R"({"username": "contest", "group": "test"})";
    EXPECT_EQ(without_key(200, body, "test"), body);
    EXPECT_EQ(without_key(404, body, "test"), R"({"username": "contest", "group": "[the API key]"})");
    EXPECT_EQ(without_key(200, R"({"sent": "xtest01234567x"})", "test01234567"), R"({"sent": "x[the API key]x"})");
    EXPECT_EQ(without_key(200, R"({"sent": "test0123456"})", "test0123456"), R"({"sent": "test0123456"})");
    EXPECT_EQ(without_key(200, body, ""), body);
}

TEST(error_text, survives_deep_nesting) {
    EXPECT_FALSE(error_text(500, std::string(max_answer_bytes, '['), "").empty());
}

}  // namespace
}  // namespace posthaste
