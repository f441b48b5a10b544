// What is no JSON that can be accepted, and where the fault is said to be.

#include <gtest/gtest.h>

#include "lib/event/envelope.hpp"
#include "tests/unit/event/support.hpp"

namespace posthaste {
namespace {

using namespace std::string_literals;
using kind = envelope_fault::kind;

// "LINE:COLUMN/OFFSET" of the fault, "accepted", or what else was found.
std::string place_of(std::string_view body) {
    const auto read = read_envelope(body, {});
    if (read) return "accepted";
    const envelope_fault& fault = read.error();
    if (fault.what != kind::malformed_json) return "not malformed: " + fault.detail;
    return std::to_string(fault.line) + ":" + std::to_string(fault.column) + "/" + std::to_string(fault.offset);
}

// `value` as a member of data; what comes before it has 38 bytes.
std::string with_value(const std::string& value) {
    return "{\"event\":\"E\",\"userId\":\"1\",\"data\":{\"x\":" + value + "}}";
}

TEST(malformed, is_told_with_line_column_and_offset) {
    EXPECT_EQ(place_of(""), "1:1/0");
    EXPECT_EQ(place_of("{\n \"event\" \"x\"}"), "2:10/11");
    EXPECT_EQ(place_of("{\"event\": \"x\""), "1:14/13");
    EXPECT_EQ(place_of("{\"event\": \"ä\"\n\n, ]"), "3:3/18");
    const auto read = read_envelope("{\n \"event\" \"x\"}", {});
    EXPECT_EQ(read.error().detail,
              "the body is no JSON that can be accepted: at line 2, column 10 (byte 11), a comma or a colon is missing "
              "before this");
}

TEST(malformed, never_quotes_the_body) {
    for (const char* body : {"{\"secret\": sesame}", "{\"secret\": \"sesame\" \"sesame\"}",
                             "{\"sesame\": 1, \"sesame\": 2}", "{\"secret\": \"sesame", "{\"a\": \"sesame\\x\"}"}) {
        const auto read = read_envelope(body, {});
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().detail.find("sesame"), std::string::npos) << read.error().detail;
    }
}

TEST(malformed, wins_over_everything_else) {
    event_catalog catalog;
    catalog.schemas.emplace("E", schema_of(R"({"a": "String"})"));
    catalog.reject_unknown_events = true;
    for (const char* body :
         {"{\"event\": 1, \"userId\": null, ", R"({"event": "E", "userId": "1", "data": {"a": 1}} x)",
          R"({"event": "E", "userId": "1", "data": {"a": 1, "a": "x"}})", "[1, 2", "[] []"}) {
        const auto read = read_envelope(body, catalog);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().what, kind::malformed_json) << body;
        EXPECT_TRUE(read.error().errors.empty());
    }
}

TEST(malformed, is_a_nul_byte_anywhere_but_not_its_escape) {
    EXPECT_EQ(place_of(with_value("1") + "\0"s), "1:42/41");
    EXPECT_EQ(place_of("\0"s + with_value("1")), "1:1/0");
    EXPECT_EQ(place_of(with_value("\"a\0b\""s)), "1:41/40");
    EXPECT_EQ(place_of(with_value("1") + "\0\0trailing"s), "1:42/41");
    EXPECT_EQ(place_of(with_value("\"a\\u0000b\"")), "accepted");
}

TEST(malformed, is_a_byte_order_mark) {
    EXPECT_EQ(place_of("\xEF\xBB\xBF" + with_value("1")), "1:1/0");
}

TEST(malformed, is_invalid_utf8) {
    for (const char* bytes : {"\xFF", "\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
        EXPECT_TRUE(place_of(with_value("\"a"s + bytes + "b\"")).starts_with("1:4")) << bytes;
        EXPECT_TRUE(place_of("{\"a"s + bytes + "\": 1}").starts_with("1:")) << bytes;
    }
    EXPECT_EQ(place_of(with_value("\"a\xFF\"")), "1:41/40");
    EXPECT_EQ(place_of(with_value("\"größer 日本 🎉\"")), "accepted");
}

TEST(malformed, is_a_lone_surrogate) {
    EXPECT_EQ(place_of(with_value("\"\\udc00\"")), "1:45/44");  // its last digit
    EXPECT_EQ(place_of(with_value("\"\\ud800\"")), "1:46/45");  // where the other half should be
    for (const char* text : {"\\udbffx", "\\ud800\\ud800", "\\ud800\\n", "\\udc00\\ud800"}) {
        EXPECT_TRUE(place_of(with_value("\""s + text + "\"")).starts_with("1:")) << text;
    }
    EXPECT_EQ(place_of(with_value("\"\\ud83c\\udf89\"")), "accepted");
}

TEST(malformed, is_what_other_parsers_let_through) {
    for (const char* value :
         {"NaN", "Infinity", "-Infinity", "True",      "nul",         "01",    "+1",         "1.",    ".5",    "1e",
          "0x1", "'a'",      "\"a\nb\"",  "\"\\x41\"", "\"\\u00g0\"", "[1,]",  "{\"a\":1,}", "{a:1}", "[1 2]", "{,}",
          "[,]", "1 // x",   "/* x */ 1", "\"a",       "--1",         "1_000", "undefined"}) {
        EXPECT_TRUE(place_of(with_value(value)).find('/') != std::string::npos) << value;
    }
}

TEST(malformed, is_a_number_out_of_range) {
    EXPECT_EQ(place_of(with_value("1e400")), "1:39/38");
    EXPECT_EQ(place_of(with_value("-1e400")), "1:39/38");
    EXPECT_EQ(place_of(with_value(std::string(400, '9'))), "1:39/38");
    EXPECT_EQ(place_of(with_value("12345678901234567890")), "accepted");
    EXPECT_EQ(place_of(with_value("1e-400")), "accepted");
    EXPECT_EQ(place_of(with_value("-0")), "accepted");
}

TEST(malformed, is_anything_behind_the_event) {
    EXPECT_EQ(place_of(with_value("1") + " \r\n\t"), "accepted");
    EXPECT_EQ(place_of(with_value("1") + "x"), "1:42/41");
    EXPECT_EQ(place_of(with_value("1") + "\n" + with_value("1")), "2:1/42");
    EXPECT_EQ(place_of(with_value("1") + ","), "1:42/41");
}

TEST(malformed, is_a_duplicate_member_at_any_level) {
    EXPECT_EQ(place_of(R"({"event": "a", "event": "a", "userId": "1", "data": {}})"), "1:16/15");
    EXPECT_EQ(place_of(R"({"x": 1, "event": "a", "userId": "1", "data": {}, "x": 2})"), "1:51/50");
    EXPECT_EQ(place_of(with_value(R"([[{"a": 1, "\u0061": 2}]])")), "1:50/49");
    EXPECT_EQ(place_of(with_value(R"([{"a": 1}, {"a": 2}])")), "accepted");
}

TEST(malformed, is_a_duplicate_among_very_many_members) {
    std::string members = "{";
    for (int i = 0; i < 20'000; ++i)
        members += "\"" + std::to_string(i) + "\":0,";
    EXPECT_EQ(place_of(with_value(members + "\"x\":0}")), "accepted");
    const std::size_t offset = 38 + members.size();
    EXPECT_EQ(place_of(with_value(members + "\"17\":0}")),
              "1:" + std::to_string(offset + 1) + "/" + std::to_string(offset));
}

TEST(malformed, is_nesting_over_64) {
    const auto nested = [](int levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    EXPECT_EQ(place_of(with_value(nested(62))), "accepted");
    EXPECT_EQ(place_of(with_value(nested(63))), "1:101/100");
    std::string objects = "1";
    for (int i = 0; i < 62; ++i)
        objects = "{\"a\":" + objects + "}";
    EXPECT_EQ(place_of(with_value(objects)), "accepted");
    EXPECT_EQ(place_of(with_value("{\"a\":" + objects + "}")), "1:349/348");
    EXPECT_EQ(place_of(std::string(1 << 20, '[')), "1:65/64");
    EXPECT_EQ(place_of(std::string(1 << 20, '{')), "1:2/1");
}

TEST(malformed, is_told_for_every_body_that_is_cut_short) {
    const std::string body =
        R"({"event":"E","userId":"1","data":{"a":[1.5e3,-2,true,null,"\u00e9\ud83c\udf89ä"],"b":{}}})";
    ASSERT_EQ(place_of(body), "accepted");
    for (std::size_t size = 0; size < body.size(); ++size) {
        EXPECT_EQ(place_of(body.substr(0, size)), "1:" + std::to_string(size + 1) + "/" + std::to_string(size));
    }
}

}  // namespace
}  // namespace posthaste
