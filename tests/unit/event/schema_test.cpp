#include "lib/event/schema.hpp"

#include <gtest/gtest.h>

#include "tests/unit/event/support.hpp"

namespace posthaste {
namespace {

using kind = schema_node::kind;

// "LINE:COLUMN: what" of each fault, a line each.
std::string faults_of(std::string_view text) {
    const auto json = parse_located_json(text);
    if (!json) return "no JSON";
    const auto schema = compile_schema(*json);
    if (schema) return "";
    std::string all;
    for (const auto& fault : schema.error()) {
        all += std::to_string(fault.where.line) + ":" + std::to_string(fault.where.column) + ": " + fault.what + "\n";
    }
    return all;
}

TEST(schema, knows_its_type_names_in_any_case) {
    const schema_node schema = schema_of(
        R"({"a": "String", "b": "number", "c": "INTEGER", "d": "Boolean", "e": "date", "f": "Object", "g": "array",
            "h": "Any"})");
    const std::vector<kind> kinds{kind::string, kind::number, kind::integer, kind::boolean,
                                  kind::date,   kind::object, kind::array,   kind::any};
    ASSERT_EQ(schema.fields.size(), kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        EXPECT_EQ(schema.fields[i].type.type, kinds[i]) << schema.fields[i].name;
        EXPECT_TRUE(schema.fields[i].required);
    }
    EXPECT_EQ(schema.required_fields, kinds.size());
    EXPECT_TRUE(schema.named_fields);
    EXPECT_FALSE(schema.fields[5].type.named_fields);
    EXPECT_EQ(schema.fields[6].type.element, nullptr);
}

TEST(schema, marks_optional_fields_behind_the_type_or_behind_the_name_of_an_object_or_array) {
    const schema_node schema =
        schema_of(R"({"a": "String?", "tags?": ["String"], "address?": {"city": "String"}, "b": ["Any"]})");
    ASSERT_EQ(schema.fields.size(), 4u);
    EXPECT_EQ(schema.fields[0].name, "a");
    EXPECT_FALSE(schema.fields[0].required);
    EXPECT_EQ(schema.fields[1].name, "tags");
    EXPECT_FALSE(schema.fields[1].required);
    EXPECT_EQ(schema.fields[1].type.element->type, kind::string);
    EXPECT_EQ(schema.fields[2].name, "address");
    EXPECT_FALSE(schema.fields[2].required);
    EXPECT_TRUE(schema.fields[2].type.named_fields);
    EXPECT_TRUE(schema.fields[3].required);
    EXPECT_EQ(schema.required_fields, 1u);
}

TEST(schema, finds_its_fields_by_name_wherever_they_stand) {
    const schema_node schema = schema_of(R"({"z": "String", "a": "String", "m": "String"})");
    EXPECT_EQ(schema.find("z"), 0u);
    EXPECT_EQ(schema.find("a"), 1u);
    EXPECT_EQ(schema.find("m", 2), 2u);
    EXPECT_EQ(schema.find("m", 99), 2u);
    EXPECT_EQ(schema.find("M"), schema_node::no_field);
    EXPECT_EQ(schema_of("{}").find("a"), schema_node::no_field);
}

TEST(schema, names_all_its_faults_with_their_places) {
    EXPECT_EQ(faults_of("{\n  \"a\": \"Strng\",\n  \"b\": \"Blob\",\n  \"c\": 7\n}"),
              "2:8: unknown type \"Strng\" (did you mean \"String\"?)\n"
              "3:8: unknown type \"Blob\" (there are String, Number, Integer, Boolean, Date, Object, Array and Any)\n"
              "4:8: expected a type (a name such as \"String\", an object of fields, or an array of one type), found "
              "a whole number\n");
}

TEST(schema, refuses_what_it_cannot_mean) {
    EXPECT_EQ(faults_of("[]"), "1:1: a schema is an object of fields and their types, found an array\n");
    EXPECT_EQ(faults_of(R"({"a": []})"),
              "1:7: an array names the one type of its elements, such as [\"String\"] (an array of anything is "
              "\"Array\")\n");
    EXPECT_EQ(faults_of(R"({"a": ["String", "Number"]})"), faults_of(R"({"a": []})"));
    EXPECT_EQ(faults_of(R"({"a": ["String?"]})"), "1:8: an array's element cannot be optional (leave out the \"?\")\n");
    EXPECT_EQ(faults_of(R"({"a?": "String"})"),
              "1:2: an optional field has its \"?\" behind the type (\"a\": \"String?\"); only before an object or an "
              "array it stands at the name\n");
    EXPECT_EQ(faults_of(R"({"a?": ["String"], "a": "String"})"),
              "1:20: the field \"a\" stands here twice, with and without \"?\"\n");
    EXPECT_EQ(faults_of(R"({"?": {}})"), "1:2: a field needs a name\n");
    EXPECT_EQ(faults_of(R"({"a": null})").substr(0, 20), "1:7: expected a type");
}

TEST(schema, names_the_places_of_nested_faults) {
    EXPECT_EQ(faults_of("{\"a\": [{\"b\": {\n\"c\": \"Dat\"}}]}"),
              "2:6: unknown type \"Dat\" (did you mean \"Date\"?)\n");
}

}  // namespace
}  // namespace posthaste
