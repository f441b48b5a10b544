#include "lib/sandbox/configuration.hpp"

#include <string>

#include <gtest/gtest.h>

#include "lib/event/envelope.hpp"
#include "lib/sandbox/sample.hpp"

namespace posthaste {
namespace {

std::string problems_of(std::string_view text) {
    const auto read = read_sandbox_configuration(text, "sandbox.json");
    if (read) return "";
    std::string all;
    for (const auto& problem : read.error())
        all += problem.text + "\n";
    return all;
}

TEST(sandbox_configuration, of_the_sample_is_sound) {
    const auto read = read_sandbox_configuration(sample_sandbox_configuration, "sample");
    ASSERT_TRUE(read) << read.error().front().text;
    EXPECT_NE(read->events.find("Ticket Created"), nullptr);
    ASSERT_EQ(read->workflows.size(), 1u);
    EXPECT_EQ(read->workflows[0].event, "Ticket Created");
    EXPECT_EQ(read->workflows[0].channel, "#support");
    EXPECT_TRUE(read_envelope(sample_event, read->events));
}

TEST(sandbox_configuration, may_be_empty_and_commented) {
    const auto read = read_sandbox_configuration("{ /* nothing */ } // yet", "sandbox.json");
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->workflows.empty());
}

TEST(sandbox_configuration, knows_the_file_of_a_slack_webhook) {
    const auto read_with = [](const std::string& file) {
        return read_sandbox_configuration(R"({"workflows": [{"event": "E", "slack": {"channel": "#c", "message": "m",
            "webhook_url_file": )" + file + "}}]}",
                                          "sandbox.json");
    };
    EXPECT_EQ(read_with("\"/etc/hook\"")->workflows[0].webhook_url_file, "/etc/hook");
    EXPECT_EQ(read_with("null")->workflows[0].webhook_url_file, std::nullopt);
    ASSERT_FALSE(read_with("7"));
    EXPECT_NE(read_with("7").error()[0].text.find("workflows[0].slack.webhook_url_file: expected"), std::string::npos);
}

TEST(sandbox_configuration, names_file_line_column_and_key_of_every_problem) {
    const std::string told = problems_of(R"({
  "workflow": [],
  "workflows": [
    {"event": "E", "slack": {"chanel": "#c", "message": "{{oops"}},
    {"slack": []},
    7
  ]
})");
    EXPECT_NE(told.find("sandbox.json:2:3: workflow: unknown key (did you mean \"workflows\"?)"), std::string::npos)
        << told;
    EXPECT_NE(told.find("sandbox.json:4:30: workflows[0].slack.chanel: unknown key (did you mean \"channel\"?)"),
              std::string::npos)
        << told;
    EXPECT_NE(told.find("workflows[0].slack.channel: is missing"), std::string::npos) << told;
    EXPECT_NE(told.find("workflows[0].slack.message: this is no Mustache template"), std::string::npos) << told;
    EXPECT_NE(told.find("sandbox.json:5:5: workflows[1].event: is missing"), std::string::npos) << told;
    EXPECT_NE(told.find("workflows[1].slack: expected an object"), std::string::npos) << told;
    EXPECT_NE(told.find("sandbox.json:6:5: workflows[2]: expected an object"), std::string::npos) << told;
}

TEST(sandbox_configuration, finds_a_workflow_for_an_event_that_is_not_there) {
    const std::string told = problems_of(R"({"workflows": [{"event": "Ticket Craeted",
        "slack": {"channel": "#c", "message": "m"}}], "events": {"Ticket Created": {}}})");
    EXPECT_NE(told.find("workflows[0].event: no such event in \"events\" (did you mean \"Ticket Created\"?)"),
              std::string::npos)
        << told;
}

TEST(sandbox_configuration, shows_the_place_of_a_broken_schema) {
    const std::string told = problems_of("{\"events\": {\"E\": {\n\"a\": \"Strin\"}}}");
    EXPECT_NE(told.find("sandbox.json:2:6: events.E.a: "), std::string::npos) << told;
}

TEST(sandbox_configuration, refuses_what_is_no_json_with_its_place) {
    EXPECT_NE(problems_of("{\n  \"events\": }").find("sandbox.json:2:"), std::string::npos);
    EXPECT_NE(problems_of("[]").find("sandbox.json:1:1: expected an object"), std::string::npos);
}

}  // namespace
}  // namespace posthaste
