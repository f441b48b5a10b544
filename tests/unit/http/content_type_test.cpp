#include "lib/http/content_type.hpp"

#include <gtest/gtest.h>

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

TEST(content_type, refuses_content_codings_but_identity) {
    const std::string json = "Content-Type: application/json\r\n";
    EXPECT_FALSE(refused(json + "Content-Encoding: identity\r\n"));
    for (const char* coding : {"gzip", "br", "identity, gzip", ""})
        EXPECT_TRUE(refused(json + "Content-Encoding: " + coding + "\r\n")) << coding;
}

}  // namespace
}  // namespace posthaste
