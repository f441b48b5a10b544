#include "lib/event/envelope.hpp"

#include <gtest/gtest.h>

#include "lib/event/schema_checker.hpp"
#include "tests/unit/event/support.hpp"

namespace posthaste {
namespace {

using namespace std::string_literals;
using kind = envelope_fault::kind;

const std::string sample = R"({"event": "Ticket Created", "userId": "10101010101010", "data": )"
                           R"({"ticketName": "Refund request", "customerEmail": "ada@example.com", )"
                           R"("description": "Please help"}})";

event_catalog sample_catalog() {
    event_catalog catalog;
    catalog.schemas.emplace("Ticket Created", schema_of(ticket_schema));
    return catalog;
}

// "POINTER detail" of each error, a line each.
std::string errors_of(const envelope_fault& fault) {
    std::string all;
    for (const auto& error : fault.errors)
        all += error.pointer + " " + error.detail + "\n";
    return all;
}

std::string envelope_errors_of(std::string_view body) {
    const auto read = read_envelope(body, {});
    if (read) return "accepted";
    EXPECT_EQ(read.error().what, kind::invalid_event) << read.error().detail;
    return errors_of(read.error());
}

TEST(envelope, is_read_from_the_sample_event) {
    const auto read = read_envelope(sample, sample_catalog());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->event, "Ticket Created");
    EXPECT_EQ(read->user_id, "10101010101010");
}

TEST(envelope, may_stand_in_any_order_with_other_members) {
    const auto read = read_envelope(
        "\r\n\t{\"v\": [{\"event\": 1}], \"data\": {\"event\": \"x\", \"userId\": null}, \"userId\": \"\\u00e9\", "
        "\"event\": \"a\\u0000b\"} \n",
        {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->event, "a\0b"s);
    EXPECT_EQ(read->user_id, "é");
}

TEST(envelope, names_everything_that_is_missing_at_once) {
    EXPECT_EQ(envelope_errors_of("{}"),
              "/event is missing (expected the event's name, a string)\n"
              "/userId is missing (expected the user's id, a string)\n"
              "/data is missing (expected an object with the event's data, {} if there is none)\n");
}

TEST(envelope, says_in_one_sentence_what_is_wrong) {
    EXPECT_EQ(read_envelope("{}", {}).error().detail,
              "this is no event: 3 errors, the first: /event is missing (expected the event's name, a string)");
    EXPECT_EQ(read_envelope(R"({"event": "a", "userId": "1"})", {}).error().detail,
              "this is no event: /data is missing (expected an object with the event's data, {} if there is none)");
    EXPECT_EQ(read_envelope("[]", {}).error().detail,
              "this is no event: the body must be an object with the members \"event\", \"userId\" and \"data\"");
}

TEST(envelope, names_identify_for_a_null_user_id) {
    EXPECT_EQ(envelope_errors_of(R"({"event": "a", "userId": null, "data": {}})"),
              "/userId is null: call identify() first, and send the userId that it returns\n");
}

TEST(envelope, needs_names_that_are_strings_and_not_empty) {
    EXPECT_EQ(envelope_errors_of(R"({"event": null, "userId": 10101010101010, "data": {}})"),
              "/event is null (expected the event's name, a string)\n"
              "/userId is no string (expected the user's id, a string)\n");
    EXPECT_EQ(envelope_errors_of(R"({"event": "", "userId": "", "data": {}})"),
              "/event is empty (expected the event's name, a string)\n"
              "/userId is empty (expected the user's id, a string)\n");
    for (const char* value : {"true", "1.5", "[\"x\"]", "{\"x\": \"y\"}", "-1", "[]", "{}"}) {
        EXPECT_EQ(envelope_errors_of("{\"event\": "s + value + ", \"userId\": \"1\", \"data\": {}}"),
                  "/event is no string (expected the event's name, a string)\n")
            << value;
    }
}

TEST(envelope, bounds_its_names_by_their_decoded_bytes) {
    const auto body = [](const std::string& name) {
        return "{\"event\": \"" + name + "\", \"userId\": \"1\", \"data\": {}}";
    };
    std::string escaped;
    for (int i = 0; i < 128; ++i)
        escaped += "\\u00e9";  // two bytes each
    EXPECT_EQ(envelope_errors_of(body(std::string(256, 'x'))), "accepted");
    EXPECT_EQ(envelope_errors_of(body(escaped)), "accepted");
    EXPECT_EQ(envelope_errors_of(body(std::string(257, 'x'))), "/event is longer than 256 bytes\n");
    EXPECT_EQ(envelope_errors_of(body(escaped + "x")), "/event is longer than 256 bytes\n");
    EXPECT_EQ(envelope_errors_of(R"({"event": "a", "userId": ")" + std::string(257, '1') + R"(", "data": {}})"),
              "/userId is longer than 256 bytes\n");
}

TEST(envelope, needs_data_to_be_an_object) {
    for (const char* value : {"null", "[]", "[{}]", "\"{}\"", "1", "-1", "1.5", "true"}) {
        EXPECT_EQ(envelope_errors_of("{\"event\": \"a\", \"userId\": \"1\", \"data\": "s + value + "}"),
                  "/data is no object (expected an object with the event's data, {} if there is none)\n")
            << value;
    }
}

TEST(envelope, needs_an_object_at_the_top_level) {
    for (const char* body :
         {"[]", "null", "\"x\"", "1", "-1", "1.5", "true", R"([{"event": "a", "userId": "1", "data": {}}])"}) {
        EXPECT_EQ(envelope_errors_of(body),
                  " the body must be an object with the members \"event\", \"userId\" and \"data\"\n")
            << body;
    }
}

TEST(envelope, is_told_before_the_schema_and_with_it) {
    for (const char* body : {R"({"event": "Ticket Created", "userId": null, "data": {"ticketName": 5}})",
                             R"({"data": {"ticketName": 5}, "userId": null, "event": "Ticket Created"})"}) {
        const auto read = read_envelope(body, sample_catalog());
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().what, kind::invalid_event);
        EXPECT_EQ(errors_of(read.error()),
                  "/userId is null: call identify() first, and send the userId that it returns\n"
                  "/data/ticketName is a number (expected a string)\n"
                  "/data/customerEmail is missing (expected a string)\n"
                  "/data/description is missing (expected a string)\n");
        EXPECT_TRUE(read.error().detail.starts_with("this is no event: 4 errors, the first: /userId is null"));
    }
}

TEST(envelope, is_told_with_a_name_that_is_not_configured_where_that_is_refused) {
    event_catalog catalog = sample_catalog();
    catalog.reject_unknown_events = true;
    const auto read = read_envelope(R"({"event": "Tikcet Created", "data": {}})", catalog);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().what, kind::invalid_event);
    EXPECT_EQ(errors_of(read.error()),
              "/userId is missing (expected the user's id, a string)\n"
              "/event is not the name of a configured event\n");
}

TEST(envelope, is_told_alone_where_schemas_refuse_nothing) {
    for (const schema_check check : {schema_check::warn, schema_check::off}) {
        event_catalog catalog = sample_catalog();
        catalog.check = check;
        const auto read = read_envelope(R"({"event": "Ticket Created", "data": {}})", catalog);
        ASSERT_FALSE(read);
        EXPECT_EQ(errors_of(read.error()), "/userId is missing (expected the user's id, a string)\n");
    }
}

TEST(envelope, says_that_there_may_be_more_errors_than_are_listed) {
    event_catalog catalog;
    catalog.schemas.emplace("E", schema_of(R"({"l": ["String"]})"));
    std::string list = "1";
    for (int n = 0; n < 150; ++n)
        list += ", 1";
    for (const std::string user : {R"("userId": "1")", R"("userId": "")"}) {
        const auto read = read_envelope(R"({"event": "E", )" + user + R"(, "data": {"l": [)" + list + "]}}", catalog);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().errors.size(), schema_checker::most_errors);
        EXPECT_NE(read.error().detail.find(": at least 100 errors, of which 100 are listed, the first: "),
                  std::string::npos)
            << read.error().detail;
    }
}

TEST(schema_mismatch, is_told_with_all_its_errors) {
    const auto read =
        read_envelope(R"({"event": "Ticket Created", "userId": "1", "data": {"ticketName": 5}})", sample_catalog());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().what, kind::schema_mismatch);
    EXPECT_EQ(errors_of(read.error()),
              "/data/ticketName is a number (expected a string)\n"
              "/data/customerEmail is missing (expected a string)\n"
              "/data/description is missing (expected a string)\n");
    EXPECT_EQ(read.error().detail,
              "data does not fit the schema of \"Ticket Created\": 3 errors, the first: /data/ticketName is a number "
              "(expected a string)");
}

TEST(schema_mismatch, is_one_sentence_when_it_is_one_error) {
    const auto read =
        read_envelope(R"({"event": "Ticket Created", "userId": "1", "data": {"customerEmail": "", "description": ""}})",
                      sample_catalog());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().detail,
              "data does not fit the schema of \"Ticket Created\": /data/ticketName is missing (expected a string)");
}

TEST(schema_mismatch, is_accepted_and_told_where_schemas_only_warn) {
    event_catalog catalog = sample_catalog();
    catalog.check = schema_check::warn;
    catalog.reject_unknown_fields = true;
    const std::string data = R"("data": {"ticketName": "secret", "customerEmail": 5, "extra": "secret"})";
    for (const auto& body : {R"({"event": "Ticket Created", "userId": "1", )" + data + "}",
                             "{" + data + R"(, "event": "Ticket Created", "userId": "1"})"}) {
        const auto read = read_envelope(body, catalog);
        ASSERT_TRUE(read) << body;
        EXPECT_EQ(read->event, "Ticket Created");
        ASSERT_EQ(read->mismatch.size(), 3U);
        EXPECT_EQ(read->mismatch[0].pointer, "/data/customerEmail");
        EXPECT_EQ(read->mismatch[0].detail, "is a number (expected a string)");
        EXPECT_EQ(read->mismatch[1].pointer, "/data/extra");
        EXPECT_EQ(read->mismatch[2].pointer, "/data/description");
    }
    const auto fits = read_envelope(R"({"event": "Unheard Of", "userId": "1", "data": {"a": 1}})", catalog);
    ASSERT_TRUE(fits);
    EXPECT_TRUE(fits->mismatch.empty());
}

TEST(schema_mismatch, is_bounded_where_schemas_only_warn) {
    event_catalog catalog;
    catalog.check = schema_check::warn;
    catalog.schemas.emplace("E", schema_of(R"({"l": ["String"]})"));
    const auto read =
        read_envelope(R"({"event": "E", "userId": "1", "data": {"l": [1, 2, 3, 4, 5, 6, 7, 8]}})", catalog);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->mismatch.size(), schema_checker::most_warnings);
}

TEST(schema_mismatch, leaves_all_else_that_is_wrong_refused_where_schemas_only_warn) {
    event_catalog catalog = sample_catalog();
    catalog.check = schema_check::warn;
    catalog.reject_unknown_events = true;
    const auto what = [&](std::string_view body) { return read_envelope(body, catalog).error().what; };
    EXPECT_EQ(what(R"({"event": "Unheard Of", "userId": "1", "data": {}})"), kind::unknown_event);
    EXPECT_EQ(what(R"({"event": "Ticket Created", "data": {}})"), kind::invalid_event);
    EXPECT_EQ(what(R"({"event": "Ticket Created", "userId": "1", "data": {})"), kind::malformed_json);
}

TEST(schema_mismatch, is_nothing_where_schemas_are_not_looked_at) {
    event_catalog catalog = sample_catalog();
    catalog.check = schema_check::off;
    EXPECT_TRUE(read_envelope(R"({"event": "Ticket Created", "userId": "1", "data": {}})", catalog));
    EXPECT_TRUE(read_envelope(R"({"data": {}, "event": "Ticket Created", "userId": "1"})", catalog));
}

TEST(unknown_event, is_accepted_unless_it_is_to_be_rejected) {
    const std::string body = R"({"event": "Tikcet Created", "userId": "1", "data": {}})";
    event_catalog catalog = sample_catalog();
    EXPECT_TRUE(read_envelope(body, catalog));
    catalog.reject_unknown_events = true;
    const auto read = read_envelope(body, catalog);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().what, kind::unknown_event);
    EXPECT_EQ(read.error().detail, "the event \"Tikcet Created\" is not configured (did you mean \"Ticket Created\"?)");
    EXPECT_EQ(errors_of(read.error()), "/event is not the name of a configured event\n");
}

TEST(unknown_event, is_named_printably) {
    event_catalog catalog;
    catalog.reject_unknown_events = true;
    const auto read = read_envelope(R"({"event": "a\u001b[2J\u202e", "userId": "1", "data": {}})", catalog);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().detail,
              "the event \"a\\x1b[2J\\u202e\" is not configured (add it to \"events\", or set \"unknown_events\" to "
              "\"accept\")");
}

}  // namespace
}  // namespace posthaste
