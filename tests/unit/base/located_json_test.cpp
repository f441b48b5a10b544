#include "lib/base/located_json.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

using namespace std::string_literals;

std::string place(const location& where) {
    return std::to_string(where.line) + ":" + std::to_string(where.column);
}

std::string fault_of(std::string_view text) {
    const auto parsed = parse_located_json(text);
    if (parsed) return "no fault";
    return place(parsed.error().where) + ": " + parsed.error().what;
}

TEST(located_json, knows_every_kind_of_value) {
    const auto json = parse_located_json(R"({"a": null, "b": true, "c": -7, "d": 1.5, "e": "x", "f": [1], "g": {}})");
    ASSERT_TRUE(json);
    using kind = located_json::kind;
    EXPECT_EQ(json->type, kind::object);
    EXPECT_EQ(json->find("a")->type, kind::null);
    EXPECT_EQ(json->find("b")->type, kind::boolean);
    EXPECT_TRUE(json->find("b")->boolean);
    EXPECT_EQ(json->find("c")->type, kind::integer);
    EXPECT_EQ(json->find("c")->integer, -7);
    EXPECT_EQ(json->find("c")->number, -7.0);
    EXPECT_EQ(json->find("d")->type, kind::number);
    EXPECT_EQ(json->find("d")->number, 1.5);
    EXPECT_EQ(json->find("e")->string, "x");
    EXPECT_EQ(json->find("f")->elements.size(), 1u);
    EXPECT_EQ(json->find("g")->type, kind::object);
    EXPECT_EQ(json->find("h"), nullptr);
    EXPECT_EQ(json->find("a")->find("x"), nullptr);
}

TEST(located_json, holds_whole_numbers_up_to_63_bits) {
    const auto json = parse_located_json("[9223372036854775807, 9223372036854775808, 1.0, 1e2, -9223372036854775808]");
    ASSERT_TRUE(json);
    EXPECT_EQ(json->elements[0].integer, std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(json->elements[1].type, located_json::kind::number);
    EXPECT_EQ(json->elements[2].type, located_json::kind::number);
    EXPECT_EQ(json->elements[3].type, located_json::kind::number);
    EXPECT_EQ(json->elements[4].integer, std::numeric_limits<std::int64_t>::min());
}

TEST(located_json, knows_the_place_of_every_value_and_member) {
    const auto json = parse_located_json(
        "// a comment with \"quotes\", {brackets}\n"
        "{\n"
        "  /* one\n"
        "     more **/ \"listen\" : { \"a\\\"\\\\\": [ 1,22 , \"x\" ,true/**/,{}] },\n"
        "\t\"ä\": null, \"end\":-0.5e3\n"
        "}\n");
    ASSERT_TRUE(json) << fault_of("");
    EXPECT_EQ(place(json->where), "2:1");
    EXPECT_EQ(place(json->members[0].where), "4:15");
    const auto& listen = json->members[0].value;
    EXPECT_EQ(place(listen.where), "4:26");
    EXPECT_EQ(listen.members[0].name, "a\"\\");
    EXPECT_EQ(place(listen.members[0].where), "4:28");
    const auto& list = listen.members[0].value;
    EXPECT_EQ(place(list.where), "4:37");
    EXPECT_EQ(place(list.elements[0].where), "4:39");
    EXPECT_EQ(place(list.elements[1].where), "4:41");
    EXPECT_EQ(place(list.elements[2].where), "4:46");
    EXPECT_EQ(place(list.elements[3].where), "4:51");
    EXPECT_EQ(place(list.elements[4].where), "4:60");
    EXPECT_EQ(place(json->members[1].where), "5:2");
    EXPECT_EQ(place(json->members[1].value.where), "5:8");
    EXPECT_EQ(place(json->members[2].value.where), "5:20");
}

TEST(located_json, names_the_place_of_a_fault) {
    EXPECT_EQ(fault_of(""), "1:1: the text is empty");
    EXPECT_EQ(fault_of(" \n "), "2:2: the text is empty");
    EXPECT_EQ(fault_of("{\n  \"a\": 1\n  \"b\": 2\n}"), "3:3: a comma or a colon is missing before this");
    EXPECT_EQ(fault_of("{\"a\": 1,\n}"), "2:1: there is a comma too many before this bracket");
    EXPECT_EQ(fault_of("[1,]"), "1:4: there is a comma too many before this bracket");
    EXPECT_EQ(fault_of("{a: 1}"), "1:2: a member name in double quotes is expected");
    EXPECT_EQ(fault_of("{\"a\", 1}"), "1:5: a colon is expected behind a member name");
    EXPECT_EQ(fault_of("{\"a\": 'x'}"), "1:7: strings stand in double quotes in JSON");
    EXPECT_EQ(fault_of("{\"a\": True}"),
              "1:7: this is no JSON value (true, false and null are lower case, NaN and Infinity do not exist)");
    EXPECT_EQ(fault_of("{\"a\": 1e400}"), "1:7: this is no JSON number, or one that is out of range");
    EXPECT_EQ(fault_of("{\"a\": 01}"), "1:7: this is no JSON number, or one that is out of range");
    EXPECT_EQ(fault_of("{} x"), "1:4: something follows the end of the JSON text");
    EXPECT_EQ(fault_of("{\"a\": "), "1:7: the text ends before an object is closed");
    EXPECT_EQ(fault_of("[\"a"), "1:4: the text ends inside a string");
    EXPECT_EQ(fault_of("[1 /* x"), "1:8: the text ends inside a comment");
    EXPECT_EQ(fault_of("[1, /x]").substr(0, 4), "1:6:");
    EXPECT_EQ(fault_of("tru"), "1:4: the text ends in the middle of a value");
    EXPECT_EQ(fault_of("]"), "1:1: this is not expected here");
}

TEST(located_json, names_the_byte_that_is_wrong_in_a_string) {
    EXPECT_EQ(fault_of("[\"a\tb\"]"),
              "1:4: a control character in a string must be escaped (a line break is \\n, a tab \\t)");
    EXPECT_EQ(fault_of("[\"a\\x\"]"), "1:5: there is no such escape in JSON (a backslash itself is written \\\\)");
    EXPECT_EQ(fault_of("[\"\\u12g4\"]"), "1:7: \\u needs four hexadecimal digits, and a surrogate its other half");
    EXPECT_EQ(fault_of("[\"\\ud800\"]"), "1:9: \\u needs four hexadecimal digits, and a surrogate its other half");
    EXPECT_EQ(fault_of("[\"a\xFF\"]"), "1:4: the string is not valid UTF-8");
    EXPECT_EQ(fault_of("[\"a\xC3\"]"), "1:5: the string is not valid UTF-8");
    EXPECT_EQ(fault_of("[\"a\xED\xA0\x80\"]"), "1:5: the string is not valid UTF-8");
}

TEST(located_json, refuses_what_its_parser_would_overlook) {
    EXPECT_EQ(fault_of("\xEF\xBB\xBF{}"), "1:1: the text begins with a byte order mark (save it as UTF-8 without BOM)");
    EXPECT_EQ(fault_of("{}\n\0 x"s), "2:1: there is a NUL byte (inside a string it is written \\u0000)");
    EXPECT_EQ(fault_of("{} // \0"s), "1:7: there is a NUL byte (inside a string it is written \\u0000)");
    EXPECT_EQ(fault_of(R"(["\u0000"])"), "no fault");
}

TEST(located_json, refuses_a_member_that_is_there_twice) {
    EXPECT_EQ(fault_of("{\"a\": 1,\n \"\\u0061\": 2}"), "2:2: duplicate member \"\\u0061\"");
    EXPECT_EQ(fault_of("{\"a\": {\"b\": 1, \"b\": 2}}"), "1:16: duplicate member \"b\"");
    EXPECT_EQ(fault_of("{\"a\": {\"b\": 1}, \"b\": 2, \"\": 3}"), "no fault");
}

TEST(located_json, refuses_nesting_over_64) {
    EXPECT_EQ(fault_of(std::string(64, '[') + std::string(64, ']')), "no fault");
    EXPECT_EQ(fault_of(std::string(65, '[') + std::string(65, ']')),
              "1:65: objects and arrays are nested more than 64 deep");
}

}  // namespace
}  // namespace posthaste
