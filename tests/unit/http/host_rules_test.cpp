#include "lib/http/host_rules.hpp"

#include <gtest/gtest.h>

#include "tests/unit/http/check_head.hpp"

namespace posthaste {
namespace {

const host_rules rules({"10.1.2.3", "fe80::1", "App.Internal"});

unsigned judged(const std::string& head) {
    const std::string whole = head + "\r\n";
    const auto read = check_head(whole);
    if (!read) return read.error().status;
    const auto wrong = rules.judge(*read, 8650);
    return wrong ? wrong->status : 200;
}

unsigned with_host(const std::string& host, const std::string& fields = "") {
    return judged("POST /run/event HTTP/1.1\r\nHost: " + host + "\r\n" + fields);
}

TEST(host_rules, take_our_own_names_with_our_port_or_none) {
    for (const char* host : {"localhost", "localhost:8650", "LocalHost", "127.0.0.1", "127.0.0.1:8650", "127.9.8.7",
                             "[::1]", "[::1]:8650", "10.1.2.3", "10.1.2.3:8650", "[fe80::1]", "app.internal:8650"})
        EXPECT_EQ(with_host(host), 200U) << host;
}

TEST(host_rules, refuse_every_other_name) {
    for (const char* host : {"evil.example",
                             "evil.example:8650",
                             "localhost.evil.example",
                             "127.0.0.1.evil.example",
                             "notlocalhost",
                             "10.1.2.4",
                             "[::2]",
                             "user@localhost",
                             "localhost,evil.example",
                             "app.internal.",
                             "0.0.0.0",
                             "[::]",
                             "2130706433",
                             "[localhost]",
                             "::1",
                             "[::1",
                             "[127.0.0.1]",
                             "not.app.internal",
                             "notapp.internal",
                             "app.internal.evil.example",
                             "110.1.2.3"})
        EXPECT_EQ(with_host(host), 421U) << host;
}

TEST(host_rules, refuse_our_names_with_another_port) {
    for (const char* host : {"localhost:80", "127.0.0.1:8651", "[::1]:1", "localhost:08650", "localhost:8650a",
                             "localhost:8650:8650", "[::1]8650"})
        EXPECT_EQ(with_host(host), 421U) << host;
}

TEST(host_rules, take_every_literal_address_and_no_other_name_where_all_are_listened_on) {
    for (const char* wildcard : {"0.0.0.0", "::"}) {
        const host_rules everywhere({wildcard});
        const auto with = [&](const std::string& host) {
            const std::string head = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
            return !everywhere.judge(*check_head(head), 8650);
        };
        for (const char* host : {"10.1.2.3", "10.1.2.3:8650", "[fe80::2]:8650", "localhost"})
            EXPECT_TRUE(with(host)) << host;
        for (const char* host : {"10.1.2.3:80", "evil.example", "10.1.2.3.evil.example", "10.1.2"})
            EXPECT_FALSE(with(host)) << host;
    }
}

TEST(host_rules, take_any_host_over_a_unix_socket_and_still_no_page_of_another_origin) {
    const auto judged_there = [](const std::string& head) {
        const std::string whole = head + "\r\n";
        const auto wrong = rules.judge(*check_head(whole), std::nullopt);
        return wrong ? wrong->status : 200U;
    };
    EXPECT_EQ(judged_there("GET / HTTP/1.1\r\nHost: evil.example\r\n"), 200U);
    EXPECT_EQ(judged_there("GET / HTTP/1.1\r\nHost:\r\n"), 200U);
    EXPECT_EQ(judged_there("GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n"), 200U);
    EXPECT_EQ(judged_there("GET https://evil.example/ HTTP/1.1\r\nHost: a\r\n"), 421U);
    EXPECT_EQ(judged_there("GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n"), 403U);
    EXPECT_EQ(judged_there("GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n"), 200U);
    EXPECT_EQ(judged_there("GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\n"), 403U);
}

TEST(host_rules, hold_the_authority_of_an_absolute_target_to_the_same) {
    const auto absolute = [](const std::string& target, const std::string& host) {
        return judged("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
    };
    EXPECT_EQ(absolute("http://localhost:8650/livez", "localhost"), 200U);
    EXPECT_EQ(absolute("http://evil.example/livez", "localhost"), 421U);
    EXPECT_EQ(absolute("http://localhost/livez", "evil.example"), 421U);
    EXPECT_EQ(absolute("http://localhost:1/livez", "localhost"), 421U);
    EXPECT_EQ(absolute("https://localhost/livez", "localhost"), 421U);
}

TEST(host_rules, refuse_a_page_of_another_origin) {
    for (const char* origin :
         {"https://evil.example", "null", "http://localhost", "http://localhost:8651", "https://localhost:8650",
          "http://127.0.0.1:8650", "", "http://localhost:8650/", "http://localhost:8650 http://localhost:8650"})
        EXPECT_EQ(with_host("localhost:8650", "Origin: " + std::string(origin) + "\r\n"), 403U) << origin;
    for (const char* method : {"GET", "HEAD", "OPTIONS", "DELETE"})
        EXPECT_EQ(judged(std::string(method) + " / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n"),
                  403U)
            << method;
    EXPECT_EQ(with_host("localhost:8650", "Origin: http://localhost:8650\r\nORIGIN: https://evil.example\r\n"), 403U);
}

TEST(host_rules, take_a_page_of_our_own_origin) {
    EXPECT_EQ(with_host("localhost:8650", "Origin: http://localhost:8650\r\nSec-Fetch-Site: same-origin\r\n"), 200U);
    EXPECT_EQ(judged("GET http://localhost:8650/ HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:8650\r\n"),
              200U);
}

TEST(host_rules, refuse_what_a_browser_says_comes_from_elsewhere) {
    for (const char* site : {"cross-site", "same-site", "", "Same-Origin", "same-origin, none"})
        EXPECT_EQ(with_host("localhost:8650", "Sec-Fetch-Site: " + std::string(site) + "\r\n"), 403U) << site;
    EXPECT_EQ(with_host("localhost:8650", "Sec-Fetch-Site: none\r\n"), 200U);
    EXPECT_EQ(with_host("localhost:8650", "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n"), 403U);
}

TEST(host_rules, let_a_link_of_another_site_lead_to_the_page_and_to_nothing_else) {
    const auto followed = [](const std::string& request, const std::string& mode, const std::string& destination) {
        return judged(request + " HTTP/1.1\r\nHost: localhost:8650\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: " +
                      mode + "\r\nSec-Fetch-Dest: " + destination + "\r\n");
    };
    EXPECT_EQ(followed("GET /", "navigate", "document"), 200U);
    EXPECT_EQ(followed("GET /?from=elsewhere", "navigate", "document"), 200U);
    for (const char* request : {"GET /v1/status", "GET /dashboard/app.js", "GET //", "POST /", "OPTIONS /"})
        EXPECT_EQ(followed(request, "navigate", "document"), 403U) << request;
    EXPECT_EQ(followed("HEAD /", "navigate", "document"), 200U) << "answered as a GET is";
    EXPECT_EQ(followed("GET /", "navigate", "iframe"), 403U);
    EXPECT_EQ(followed("GET /", "no-cors", "document"), 403U);
    EXPECT_EQ(followed("GET /", "navigate", ""), 403U);
    EXPECT_EQ(judged("GET / HTTP/1.1\r\nHost: localhost:8650\r\nSec-Fetch-Site: cross-site\r\n"
                     "Sec-Fetch-Mode: navigate\r\n"),
              200U)
        << "a browser that does not say where to";
    EXPECT_EQ(
        judged("GET / HTTP/1.1\r\nHost: evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
               "Sec-Fetch-Dest: document\r\n"),
        421U);
    EXPECT_EQ(judged("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nSec-Fetch-Mode: navigate\r\n"
                     "Sec-Fetch-Dest: document\r\n"),
              403U);
}

TEST(host_rules, judge_the_host_before_the_origin_and_name_it) {
    const auto read = check_head("GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: https://evil.example\r\n\r\n");
    ASSERT_TRUE(read);
    const auto wrong = rules.judge(*read, 8650);
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->name, "misdirected-request");
    EXPECT_NE(wrong->detail.find("evil.example"), std::string::npos);
    EXPECT_FALSE(wrong->close);
}

}  // namespace
}  // namespace posthaste
