#include "lib/sandbox/message_template.hpp"

#include <string>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

std::string rendered(const std::string& text, const std::string& data) {
    const auto compiled = message_template::compile(text);
    EXPECT_TRUE(compiled) << compiled.error();
    return compiled->render(R"({"event": "E", "userId": "U", "data": )" + data + "}");
}

TEST(message_template, fills_in_the_events_data) {
    EXPECT_EQ(rendered("New ticket *{{ticketName}}* from {{customerEmail}}: {{description}}",
                       R"({"ticketName": "Refund request", "customerEmail": "ada@example.com",
                           "description": "Please help"})"),
              "New ticket *Refund request* from ada@example.com: Please help");
}

TEST(message_template, escapes_for_slack_and_for_nothing_else) {
    EXPECT_EQ(rendered("{{a}}", R"({"a": "<b> & \"c\" 'd' /"})"), "&lt;b&gt; &amp; \"c\" 'd' /");
    EXPECT_EQ(rendered("{{{a}}} {{&a}}", R"({"a": "<b>"})"), "<b> <b>");
}

TEST(message_template, keeps_the_templates_own_markup) {
    EXPECT_EQ(rendered("<https://example.com|see> & go", "{}"), "<https://example.com|see> & go");
}

TEST(message_template, shows_nothing_for_what_is_missing_or_null) {
    EXPECT_EQ(rendered("[{{gone}}{{a.b}}{{nothing}}]", R"({"nothing": null})"), "[]");
}

TEST(message_template, reaches_into_nested_objects) {
    EXPECT_EQ(rendered("{{customer.name.first}}", R"({"customer": {"name": {"first": "Ada"}}})"), "Ada");
    EXPECT_EQ(rendered("{{#customer}}{{name}}{{/customer}}", R"({"customer": {"name": "Ada"}})"), "Ada");
}

TEST(message_template, runs_sections_over_arrays) {
    EXPECT_EQ(rendered("{{#tags}}<{{.}}>{{/tags}}", R"({"tags": ["a", "b"]})"), "<a><b>");
    EXPECT_EQ(rendered("{{#items}}{{n}}x{{name}} {{/items}}", R"({"items": [{"n": 1, "name": "pen"}, {"n": 2,
                       "name": "ink"}]})"),
              "1xpen 2xink ");
    EXPECT_EQ(rendered("{{^tags}}none{{/tags}}", R"({"tags": []})"), "none");
    EXPECT_EQ(rendered("{{#grid}}{{#.}}{{.}}{{/.}};{{/grid}}", R"({"grid": [[1, 2], [3]]})"), "12;3;");
}

TEST(message_template, takes_true_and_false_as_conditions) {
    const std::string text = "{{#vip}}VIP {{vip}}{{/vip}}{{^vip}}plain{{/vip}}";
    EXPECT_EQ(rendered(text, R"({"vip": true})"), "VIP true");
    EXPECT_EQ(rendered(text, R"({"vip": false})"), "plain");
}

TEST(message_template, shows_numbers_with_the_digits_that_were_posted) {
    EXPECT_EQ(rendered("{{a}} {{b}} {{c}} {{d}}",
                       R"({"a": 12345678901234567890123, "b": 0.10, "c": -7, "d": 18446744073709551615})"),
              "12345678901234567890123 0.10 -7 18446744073709551615");
}

TEST(message_template, runs_no_text_of_the_event_as_a_template) {
    EXPECT_EQ(rendered("{{a}}", R"({"a": "{{b}}", "b": "x"})"), "{{b}}");
    EXPECT_EQ(rendered("[{{> a}}]", R"({"a": "{{> a}}{{> a}}"})"), "[]");
}

TEST(message_template, shows_every_character) {
    EXPECT_EQ(rendered("{{a}}", R"({"a": "\u00e9\ud83d\ude00\n"})"), "\u00e9\U0001F600\n");
}

TEST(message_template, bears_data_as_deep_as_a_body_may_be) {
    std::string data = "1";
    for (int i = 0; i < 62; ++i)
        data = "[" + data + "]";
    EXPECT_EQ(rendered("{{#a}}deep{{/a}}", R"({"a": )" + data + "}"), "deep");
}

TEST(message_template, says_what_is_wrong_with_a_template) {
    EXPECT_FALSE(message_template::compile("{{name"));
    EXPECT_FALSE(message_template::compile("{{#a}}x"));
    EXPECT_FALSE(message_template::compile("x{{/a}}"));
    EXPECT_FALSE(message_template::compile("x{{"));
    EXPECT_FALSE(message_template::compile("x{{="));
    EXPECT_FALSE(message_template::compile("x{{= =}}"));
}

}  // namespace
}  // namespace posthaste
