#include "lib/http/content_type.hpp"

#include <gtest/gtest.h>

#include "tests/unit/http/check_head.hpp"

namespace posthaste {
namespace {

std::optional<problem> refused(const std::string& fields) {
    const std::string head = "POST /run/event HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
    const auto read = check_head(head);
    EXPECT_TRUE(read);
    return refuse_unless_json(*read);
}

TEST(content_type, takes_json_with_parameters_in_any_case) {
    for (const char* type :
         {"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"})
        EXPECT_FALSE(refused("Content-Type: " + std::string(type) + "\r\n")) << type;
}

TEST(content_type, refuses_anything_else_and_says_what_to_send) {
    for (const char* type :
         {"text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/x-ndjson",
          "application/json, text/plain", "multipart/form-data; boundary=application/json", ""}) {
        const auto wrong = refused("Content-Type: " + std::string(type) + "\r\n");
        ASSERT_TRUE(wrong) << type;
        EXPECT_EQ(wrong->status, 415U);
        EXPECT_NE(wrong->detail.find("Content-Type: application/json"), std::string::npos);
    }
}

TEST(content_type, refuses_none_and_two) {
    EXPECT_TRUE(refused(""));
    EXPECT_NE(refused("")->detail.find("Content-Type: application/json"), std::string::npos);
    EXPECT_TRUE(refused("Content-Type: application/json\r\nContent-Type: application/json\r\n"));
}

request_head head_with(std::string& kept, const std::string& fields) {
    kept = "POST /run/event HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
    return *check_head(kept);
}

TEST(content_type, understands_gzip_and_identity_and_no_other_coding) {
    std::string kept;
    EXPECT_EQ(*coding_of(head_with(kept, "")), coding::none);
    EXPECT_EQ(*coding_of(head_with(kept, "Content-Encoding: identity\r\n")), coding::none);
    EXPECT_EQ(*coding_of(head_with(kept, "Content-Encoding: GZIP\r\n")), coding::gzip);
    for (const char* bad : {"br", "identity, gzip", "gzip, gzip", "", "gzip\r\nContent-Encoding: gzip"}) {
        const auto found = coding_of(head_with(kept, "Content-Encoding: " + std::string(bad) + "\r\n"));
        ASSERT_FALSE(found) << bad;
        EXPECT_EQ(found.error().status, 415U) << bad;
    }
}

TEST(content_type, says_what_is_wrong_with_two_codings) {
    std::string kept;
    const auto found = coding_of(head_with(kept, "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().detail,
              "There are two Content-Encoding headers. Send one, Content-Encoding: gzip, with a body that is packed "
              "once, or none with the body as it is.");
}

TEST(content_type, of_a_batch_may_be_json_or_ndjson) {
    std::string kept;
    EXPECT_EQ(*batch_type_of(head_with(kept, "Content-Type: application/json; a=b\r\n")), batch_type::json);
    EXPECT_EQ(*batch_type_of(head_with(kept, "Content-Type: application/x-ndjson\r\n")), batch_type::ndjson);
    for (const char* bad :
         {"", "Content-Type: text/plain\r\n", "Content-Type: application/json\r\nContent-Type: application/json\r\n"}) {
        const auto found = batch_type_of(head_with(kept, bad));
        ASSERT_FALSE(found) << bad;
        EXPECT_NE(found.error().detail.find("application/"), std::string::npos) << bad;
    }
}

}  // namespace
}  // namespace posthaste
