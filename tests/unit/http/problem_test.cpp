#include "lib/http/problem.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace posthaste {
namespace {

using nlohmann::json;

TEST(problem, has_the_members_of_rfc_9457_and_the_message_of_the_sdks) {
    const json shown = json::parse(to_json({.status = 503, .name = "queue-full", .detail = "The \"queue\" is full."}));
    EXPECT_EQ(shown, (json{{"type", "urn:posthaste:problem:queue-full"},
                           {"title", "Queue full"},
                           {"status", 503},
                           {"detail", "The \"queue\" is full."},
                           {"message", "The \"queue\" is full."}}));
}

TEST(problem, of_malformed_json_names_the_place) {
    envelope_fault fault;
    fault.detail = "odd";
    fault.line = 2;
    fault.column = 3;
    fault.offset = 14;
    const problem what = problem_of(std::move(fault));
    EXPECT_EQ(what.status, 400U);
    EXPECT_FALSE(what.close);
    const json shown = json::parse(to_json(what));
    EXPECT_EQ(shown["title"], "Malformed JSON");
    EXPECT_EQ(shown["line"], 2);
    EXPECT_EQ(shown["column"], 3);
    EXPECT_EQ(shown["offset"], 14);
    EXPECT_FALSE(shown.contains("errors"));
}

TEST(problem, of_validation_lists_every_error_with_its_pointer) {
    envelope_fault fault;
    fault.what = envelope_fault::kind::schema_mismatch;
    fault.detail = "two";
    fault.errors = {{"/data/a", "must be a string"}, {"/data/b~1c", "is missing"}};
    const problem what = problem_of(std::move(fault));
    EXPECT_EQ(what.status, 422U);
    EXPECT_EQ(what.name, "schema-mismatch");
    const json shown = json::parse(to_json(what));
    EXPECT_EQ(shown["errors"], json::parse(R"([{"pointer": "/data/a", "detail": "must be a string"},
                                               {"pointer": "/data/b~1c", "detail": "is missing"}])"));
    EXPECT_FALSE(shown.contains("line"));
}

TEST(problem, of_each_kind_of_envelope_fault_has_its_name) {
    const auto named = [](envelope_fault::kind what) {
        envelope_fault fault;
        fault.what = what;
        return problem_of(std::move(fault)).name;
    };
    EXPECT_EQ(named(envelope_fault::kind::malformed_json), "malformed-json");
    EXPECT_EQ(named(envelope_fault::kind::invalid_event), "invalid-event");
    EXPECT_EQ(named(envelope_fault::kind::schema_mismatch), "schema-mismatch");
    EXPECT_EQ(named(envelope_fault::kind::unknown_event), "unknown-event");
}

}  // namespace
}  // namespace posthaste
