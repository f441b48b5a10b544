// The rules of schemas, told through read_envelope: what is posted is what is checked.

#include "lib/event/schema_checker.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "lib/event/envelope.hpp"
#include "tests/unit/event/support.hpp"

namespace posthaste {
namespace {

// "POINTER detail" of each error, a line each, with `data` held to `schema`; before "event" and behind it, which must
// make no difference.
std::string errors_of(std::string_view schema, const std::string& data, bool reject_unknown_fields = false) {
    event_catalog catalog;
    catalog.schemas.emplace("E", schema_of(schema));
    catalog.reject_unknown_fields = reject_unknown_fields;
    const auto read = [&](const std::string& body) {
        const auto event = read_envelope(body, catalog);
        if (event) return std::string();
        const envelope_fault fault = event.error();
        if (fault.what != envelope_fault::kind::schema_mismatch) return fault.detail;
        std::string all;
        for (const auto& error : fault.errors)
            all += error.pointer + " " + error.detail + "\n";
        return all;
    };
    const std::string known = read("{\"event\": \"E\", \"userId\": \"1\", \"data\": " + data + "}");
    const std::string learnt_later = read("{\"data\": " + data + ", \"userId\": \"1\", \"event\": \"E\"}");
    EXPECT_EQ(known, learnt_later);
    return known;
}

TEST(schema_check, accepts_what_fits) {
    EXPECT_EQ(
        errors_of(R"({"s": "String", "n": "Number", "i": "Integer", "b": "Boolean", "d": "Date", "o": "Object",
                            "a": "Array", "x": "Any", "l": ["String"], "p": {"q": "String"}})",
                  R"({"s": "", "n": -1.5e3, "i": -0, "b": false, "d": "2026-11-23T13:05:09+01:00", "o": {"y": [1]},
                            "a": [1, "x", null], "x": null, "l": ["", "x"], "p": {"q": "x", "r": 1}, "more": 1})"),
        "");
    EXPECT_EQ(errors_of("{}", R"({"a": 1})"), "");
    EXPECT_EQ(errors_of(R"({"l": ["String"]})", R"({"l": []})"), "");
}

TEST(schema_check, names_every_missing_field) {
    EXPECT_EQ(errors_of(ticket_schema, R"({"customerEmail": "x"})"),
              "/data/ticketName is missing (expected a string)\n"
              "/data/description is missing (expected a string)\n");
    EXPECT_EQ(errors_of(R"({"a": {"b": {"c": "Date"}}})", R"({"a": {"b": {}}})"),
              "/data/a/b/c is missing (expected an RFC 3339 date-time)\n");
}

TEST(schema_check, takes_an_optional_field_as_absent_but_not_as_null) {
    const std::string_view schema = R"({"a": "String?", "l?": ["String"], "o?": {"x": "Any"}})";
    EXPECT_EQ(errors_of(schema, "{}"), "");
    EXPECT_EQ(errors_of(schema, R"({"a": null, "l": null, "o": null})"),
              "/data/a is null (expected a string; leave the field out instead)\n"
              "/data/l is null (expected an array; leave the field out instead)\n"
              "/data/o is null (expected an object; leave the field out instead)\n");
    EXPECT_EQ(errors_of(R"({"a": "String"})", R"({"a": null})"), "/data/a is null (expected a string)\n");
}

TEST(schema_check, takes_null_for_any_only) {
    EXPECT_EQ(errors_of(R"({"a": "Any"})", R"({"a": null})"), "");
    EXPECT_EQ(errors_of(R"({"a": ["String"]})", R"({"a": ["x", null]})"), "/data/a/1 is null (expected a string)\n");
}

TEST(schema_check, names_a_value_of_another_type) {
    EXPECT_EQ(
        errors_of(
            R"({"a": "String", "b": "Number", "c": "Boolean", "d": "Object", "e": "Array", "f": {}, "g": ["Any"]})",
            R"({"a": 1, "b": "1", "c": 0, "d": [], "e": {}, "f": true, "g": "x"})"),
        "/data/a is a number (expected a string)\n"
        "/data/b is a string (expected a number)\n"
        "/data/c is a number (expected true or false)\n"
        "/data/d is an array (expected an object)\n"
        "/data/e is an object (expected an array)\n"
        "/data/f is true or false (expected an object)\n"
        "/data/g is a string (expected an array)\n");
}

TEST(schema_check, takes_a_whole_number_of_any_length_as_integer) {
    for (const char* number : {"0", "-0", "7", "18446744073709551615", "18446744073709551616", "-9223372036854775809",
                               "123456789012345678901234567890"}) {
        EXPECT_EQ(errors_of(R"({"a": "Integer"})", "{\"a\": " + std::string(number) + "}"), "") << number;
    }
    for (const char* number : {"1.0", "1e2", "1E2", "-0.0", "0e0", "12345678901234567890.5"}) {
        EXPECT_EQ(errors_of(R"({"a": "Integer"})", "{\"a\": " + std::string(number) + "}"),
                  "/data/a is a number with a fraction or an exponent (expected a whole number)\n")
            << number;
    }
    EXPECT_EQ(errors_of(R"({"a": "Integer"})", R"({"a": "1"})"), "/data/a is a string (expected a whole number)\n");
}

TEST(schema_check, takes_a_date_of_a_real_day_only) {
    const std::string wrong =
        "/data/a is no RFC 3339 date-time of a real day (expected one with its offset, such as 2026-11-23T13:05:09Z)\n";
    EXPECT_EQ(errors_of(R"({"a": "Date"})", R"({"a": "2026-02-28T00:00:00Z"})"), "");
    EXPECT_EQ(errors_of(R"({"a": "Date"})", R"({"a": "2026-02-30T00:00:00Z"})"), wrong);
    EXPECT_EQ(errors_of(R"({"a": "Date"})", R"({"a": "2026-02-28"})"), wrong);
    EXPECT_EQ(errors_of(R"({"a": "Date"})", R"({"a": "2026-02-28T00:00:00"})"), wrong);
    EXPECT_EQ(errors_of(R"({"a": "Date"})", R"({"a": 1795439109042})"),
              "/data/a is a number (expected an RFC 3339 date-time)\n");
}

TEST(schema_check, looks_into_arrays_and_nested_objects) {
    EXPECT_EQ(
        errors_of(R"({"rows": [{"id": "Integer", "tags": [["String"]]}]})",
                  R"({"rows": [{"id": 1, "tags": [["a"], []]}, {"id": 1.5, "tags": [["b", 3], 4]}, 5, {"tags": []}]})"),
        "/data/rows/1/id is a number with a fraction or an exponent (expected a whole number)\n"
        "/data/rows/1/tags/0/1 is a number (expected a string)\n"
        "/data/rows/1/tags/1 is a number (expected an array)\n"
        "/data/rows/2 is a number (expected an object)\n"
        "/data/rows/3/id is missing (expected a whole number)\n");
}

TEST(schema_check, does_not_look_into_what_may_be_anything) {
    EXPECT_EQ(
        errors_of(R"({"a": "Any", "o": "Object", "l": "Array", "z": "String"})",
                  R"({"a": {"z": 1, "b": [{"z": 2}]}, "o": {"z": 3}, "l": [{"z": 4}], "x": {"z": [5]}, "z": "s"})"),
        "");
}

TEST(schema_check, tells_unknown_fields_where_they_are_rejected) {
    const std::string_view schema =
        R"({"ticketName": "String", "a": {"b": "String"}, "o": "Object", "l": [{"c": "Any"}]})";
    const std::string data = R"({"ticketNme": 1, "ticketName": "x", "a": {"b": "x", "q/": 2}, "o": {"free": 3},
                                 "l": [{"c": {"free": 4}, "password": 5}]})";
    EXPECT_EQ(errors_of(schema, data), "");
    EXPECT_EQ(errors_of(schema, data, true),
              "/data/ticketNme is not in the schema (did you mean \"ticketName\"?)\n"
              "/data/a/q~1 is not in the schema (leave it out, or add it to the schema)\n"
              "/data/l/0/password is not in the schema (leave it out, or add it to the schema)\n");
}

TEST(schema_check, escapes_pointers) {
    EXPECT_EQ(errors_of(R"({"a/b~c": "String"})", "{}"), "/data/a~1b~0c is missing (expected a string)\n");
}

TEST(schema_check, keeps_the_first_hundred_errors) {
    std::string data = "{\"l\": [";
    for (int i = 0; i < 5000; ++i)
        data += "{\"x\": [1]},";
    data += "0]}";
    const std::string errors = errors_of(R"({"l": [{"a": "String"}], "end": "String"})", data);
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 100);
    EXPECT_TRUE(errors.ends_with("/data/l/99/a is missing (expected a string)\n"));
}

}  // namespace
}  // namespace posthaste
