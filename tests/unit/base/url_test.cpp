#include "lib/base/url.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(url, is_read_with_its_parts) {
    const auto parsed = parse_url("https://Production.RunAlloy.com:8443/embedded/v1/");
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->tls);
    EXPECT_EQ(parsed->host, "production.runalloy.com");
    EXPECT_EQ(parsed->port, 8443);
    EXPECT_EQ(parsed->path_prefix, "/embedded/v1");
    EXPECT_EQ(parsed->authority(), "production.runalloy.com:8443");
    EXPECT_EQ(parsed->text(), "https://production.runalloy.com:8443/embedded/v1");
}

TEST(url, has_its_schemes_own_port_unless_one_is_given) {
    EXPECT_EQ(parse_url("http://localhost")->port, 80);
    EXPECT_EQ(parse_url("HTTPS://localhost/")->port, 443);
    EXPECT_EQ(parse_url("https://localhost:443")->text(), "https://localhost");
    EXPECT_EQ(parse_url("https://localhost:80")->authority(), "localhost:80");
}

TEST(url, has_brackets_around_an_ipv6_address_in_its_text_only) {
    const auto parsed = parse_url("http://[::1]:8650");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->host, "::1");
    EXPECT_EQ(parsed->authority(), "[::1]:8650");
}

TEST(url, refuses_what_would_hide_a_secret_or_be_lost) {
    EXPECT_EQ(parse_url("https://key@host").error(),
              "holds a user name or a password (leave out what stands before the \"@\")");
    EXPECT_EQ(parse_url("https://user:secret@host").error(), parse_url("https://key@host").error());
    EXPECT_TRUE(parse_url("https://host/?key=secret").has_error());
    EXPECT_TRUE(parse_url("https://host?key=secret").has_error());
    EXPECT_TRUE(parse_url("https://host/#top").has_error());
}

TEST(url, refuses_what_is_no_http_url) {
    EXPECT_EQ(parse_url("production.runalloy.com").error(), "has no scheme (write https://…)");
    for (const char* text : {"",
                             "https",
                             "https:/host",
                             "ftp://host",
                             "https://",
                             "https:///path",
                             "https://:443",
                             "https://host:",
                             "https://host:0",
                             "https://host:65536",
                             "https://host:80x",
                             "https://host:+80",
                             "https://ho st",
                             "https://hö",
                             "https://host/a b",
                             "https://host/%zz",
                             "https://host/%2",
                             "https://host/\"",
                             "https://[::1",
                             "https://::1",
                             "https://[::1]x",
                             "https://[::g]",
                             "https://[127.0.0.1]",
                             "https://a..b",
                             "https://.a",
                             "https://a\nb",
                             "https://127.1",
                             "https://2130706433",
                             "https://0x7f.0.0.1",
                             "https://999.1.1.1",
                             " https://host"}) {
        EXPECT_TRUE(parse_url(text).has_error()) << text;
    }
}

TEST(url, takes_names_as_container_networks_give_them) {
    EXPECT_EQ(parse_url("http://alloy_mock:8080")->host, "alloy_mock");
    EXPECT_EQ(parse_url("http://3com.example")->host, "3com.example");
    EXPECT_EQ(parse_url("http://10.1.2.3/a%20b")->path_prefix, "/a%20b");
}

TEST(loopback, is_told_from_everything_else) {
    for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1", "[::1]", "0:0:0:0:0:0:0:1",
                             "::ffff:127.0.0.1", "[::ffff:127.0.0.1]"}) {
        EXPECT_TRUE(is_loopback_host(host)) << host;
    }
    for (const char* host :
         {"", "localhost.example.com", "localhost.", "127.0.0.1.nip.io", "127.1", "2130706433", "0.0.0.0", "128.0.0.1",
          "::", "::2", "::ffff:10.0.0.1", "[127.0.0.1]", "[::1", "::1]", "[localhost]", "10.0.0.1"}) {
        EXPECT_FALSE(is_loopback_host(host)) << host;
    }
    EXPECT_FALSE(is_loopback_host(std::string_view("127.0.0.1\0.example.com", 22)));
}

}  // namespace
}  // namespace posthaste
