#include "lib/delivery/attempt_head.hpp"

#include <gtest/gtest.h>

#include "tests/unit/delivery/support.hpp"

namespace posthaste {
namespace {

using testing::event_of;

upstream_settings upstream_at(const std::string& path_prefix = "") {
    upstream_settings upstream;
    upstream.url.host = "127.0.0.1";
    upstream.url.port = 9000;
    upstream.url.path_prefix = path_prefix;
    upstream.api_key = "the-key";
    return upstream;
}

std::string written(const attempt_head& head, const pending_event& event, std::uint32_t retries = 0) {
    std::string out;
    head.write(out, event, retries);
    return out;
}

TEST(attempt_head, is_exactly_this_for_a_plain_event) {
    const auto event = event_of("ada", 7, 12);
    EXPECT_EQ(written(attempt_head(upstream_at()), event),
              "POST /run/event HTTP/1.1\r\n"
              "Host: 127.0.0.1:9000\r\n"
              "User-Agent: posthaste/" POSTHASTE_VERSION
              "\r\n"
              "Authorization: Bearer the-key\r\n"
              "Content-Type: application/json\r\n"
              "Accept: application/json\r\n"
              "Idempotency-Key: " +
                  to_string(event.id) +
                  "\r\n"
                  "Content-Length: 12\r\n"
                  "x-api-version: 2025-09\r\n"
                  "\r\n");
}

TEST(attempt_head, puts_the_upstreams_path_before_the_posted_one) {
    const auto head = written(attempt_head(upstream_at("/proxy/alloy")), event_of("ada", 1));
    EXPECT_TRUE(head.starts_with("POST /proxy/alloy/run/event HTTP/1.1\r\n"));
}

TEST(attempt_head, carries_the_apps_own_headers) {
    auto event = event_of("ada", 1);
    event.what.api_version = "2024-03";
    event.what.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    event.what.tracestate = "vendor=value";
    const auto head = written(attempt_head(upstream_at()), event);
    EXPECT_NE(head.find("x-api-version: 2024-03\r\n"), std::string::npos);
    EXPECT_EQ(head.find("2025-09"), std::string::npos);
    EXPECT_NE(head.find("traceparent: " + event.what.traceparent + "\r\n"), std::string::npos);
    EXPECT_NE(head.find("tracestate: vendor=value\r\n"), std::string::npos);
}

TEST(attempt_head, adds_no_version_where_the_path_names_one) {
    auto event = event_of("ada", 1);
    event.what.path = "/2023-12/run/event";
    EXPECT_EQ(written(attempt_head(upstream_at()), event).find("x-api-version"), std::string::npos);
    EXPECT_EQ(written(attempt_head(upstream_at("/2023-12")), event_of("ada", 2)).find("x-api-version"),
              std::string::npos);
}

TEST(attempt_head, counts_retries_from_the_second_attempt_on) {
    const attempt_head head(upstream_at());
    EXPECT_EQ(written(head, event_of("ada", 1)).find("X-Retry-Count"), std::string::npos);
    EXPECT_NE(written(head, event_of("ada", 1), 3).find("X-Retry-Count: 3\r\n"), std::string::npos);
}

TEST(names_api_version, finds_a_version_in_any_segment_and_nothing_else) {
    EXPECT_TRUE(names_api_version("/2023-12/run/event"));
    EXPECT_TRUE(names_api_version("/api/2023-12"));
    EXPECT_FALSE(names_api_version(""));
    EXPECT_FALSE(names_api_version("/"));
    EXPECT_FALSE(names_api_version("/run/event"));
    EXPECT_FALSE(names_api_version("/2023-123/run/event"));
    EXPECT_FALSE(names_api_version("/20x3-12/run/event"));
    EXPECT_FALSE(names_api_version("//"));
}

}  // namespace
}  // namespace posthaste
