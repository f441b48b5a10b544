// The proxy: what upstream.proxy and the environment name, and what they exempt.

#include "lib/config/proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::environment_of;
using test::loaded;
using test::problems_of;
using test::scratch_folder;
using test::variables;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "host:port", "user:password@host:port", "" for none, or the error.
std::string shown(const std::optional<proxy_settings>& proxy) {
    if (!proxy) return "";
    const auto& [address, credentials] = *proxy;
    return (credentials.empty() ? "" : credentials + "@") + address.host + ":" + std::to_string(address.port);
}

std::string chosen(std::string_view upstream, const variables& env) {
    const auto found = proxy_from_environment(*parse_url(upstream), environment_of(env));
    return found ? shown(*found) : found.error();
}

TEST(proxy, is_a_url_with_or_without_credentials) {
    EXPECT_EQ(shown(*parse_proxy("http://proxy.example:3128")), "proxy.example:3128");
    EXPECT_EQ(shown(*parse_proxy("HTTP://Proxy.Example/")), "proxy.example:80");
    EXPECT_EQ(shown(*parse_proxy("http://[::1]:8080")), "::1:8080");
    EXPECT_EQ(shown(*parse_proxy("http://ada:pass@proxy.example:3128")), "ada:pass@proxy.example:3128");
    EXPECT_EQ(shown(*parse_proxy("http://ada%40home:p%3a%2f%25@proxy.example:1")), "ada@home:p:/%@proxy.example:1");
    EXPECT_EQ(shown(*parse_proxy("http://ada:p@ss/word@proxy.example:1")), "ada:p@ss/word@proxy.example:1");
    EXPECT_EQ(shown(*parse_proxy("http://ada@proxy.example:1")), "ada:@proxy.example:1");
}

TEST(proxy, that_is_none_is_refused_without_showing_it) {
    for (const std::string_view text :
         {"proxy.example:3128", "https://u:hush@proxy.example", "socks5://u:hush@proxy.example", "http://",
          "http://u:hush@", "http://u:hush@proxy.example:0", "http://u:hush@proxy.example:99999",
          "http://u:hush@proxy.example/path", "http://u:hush@proxy.example?q", "http://u:hush%@proxy.example",
          "http://u%3a:hush@proxy.example", "http://u:hush%0d%0aX@proxy.example", "http://u:hush@pro xy"}) {
        const auto parsed = parse_proxy(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_FALSE(parsed.error().empty());
        EXPECT_EQ(parsed.error().find("hush"), std::string::npos) << parsed.error();
    }
}

TEST(proxy, comes_from_the_variable_of_the_upstreams_scheme_lower_case_first) {
    const variables all = {{"https_proxy", "http://a:1"},
                           {"HTTPS_PROXY", "http://b:2"},
                           {"http_proxy", "http://c:3"},
                           {"HTTP_PROXY", "http://d:4"}};
    EXPECT_EQ(chosen("https://api.example", all), "a:1");
    EXPECT_EQ(chosen("http://api.example", all), "c:3");
    EXPECT_EQ(chosen("https://api.example", {{"HTTPS_PROXY", "http://b:2"}, {"http_proxy", "http://c:3"}}), "b:2");
    EXPECT_EQ(chosen("http://api.example", {{"HTTP_PROXY", "http://d:4"}, {"https_proxy", "http://a:1"}}), "d:4");
    EXPECT_EQ(chosen("https://api.example", {{"https_proxy", ""}, {"HTTPS_PROXY", "http://b:2"}}), "b:2");
    EXPECT_EQ(chosen("https://api.example", {}), "");
}

TEST(proxy, of_the_environment_may_lack_its_scheme) {
    EXPECT_EQ(chosen("https://api.example", {{"https_proxy", "proxy.example:3128"}}), "proxy.example:3128");
    EXPECT_EQ(chosen("https://api.example", {{"https_proxy", "u:p@proxy.example:3128"}}), "u:p@proxy.example:3128");
}

TEST(proxy, of_the_environment_that_is_none_is_named_without_its_value) {
    const auto error = chosen("https://api.example", {{"HTTPS_PROXY", "socks5://u:hush@proxy.example"}});
    EXPECT_THAT(error, HasSubstr("$HTTPS_PROXY names no proxy that can be used"));
    EXPECT_EQ(error.find("hush"), std::string::npos);
}

TEST(proxy, is_not_used_for_what_no_proxy_exempts) {
    const auto with = [](const std::string& list) {
        return chosen("https://api.example", {{"https_proxy", "http://a:1"}, {"no_proxy", list}});
    };
    EXPECT_EQ(with("api.example"), "");
    EXPECT_EQ(with("other.example"), "a:1");
    EXPECT_EQ(with(""), "a:1");
    EXPECT_EQ(chosen("https://api.example", {{"https_proxy", "http://a:1"}, {"NO_PROXY", "*"}}), "");
    EXPECT_EQ(chosen("https://api.example", {{"https_proxy", "http://a:1"}, {"no_proxy", "other"}, {"NO_PROXY", "*"}}),
              "a:1");
}

TEST(proxy, of_the_environment_on_another_host_is_not_asked_for_our_loopback) {
    EXPECT_EQ(chosen("https://localhost:8443", {{"https_proxy", "http://proxy.example:3128"}}), "");
    EXPECT_EQ(chosen("http://127.0.0.1:8080", {{"http_proxy", "http://10.0.0.1:3128"}}), "");
    EXPECT_EQ(chosen("https://localhost:8443", {{"https_proxy", "http://127.0.0.1:3128"}}), "127.0.0.1:3128");
}

TEST(no_proxy, exempts_names_and_their_subdomains) {
    for (const std::string_view list : {"example.com", ".example.com", "*.example.com", "EXAMPLE.com", "a, example.com",
                                        "a example.com b", "example.com:443", ",,example.com,"}) {
        EXPECT_TRUE(exempts_from_proxy(list, "example.com", 443)) << list;
        EXPECT_TRUE(exempts_from_proxy(list, "api.example.com", 443)) << list;
        EXPECT_TRUE(exempts_from_proxy(list, "api.example.com.", 443)) << list;
        EXPECT_FALSE(exempts_from_proxy(list, "badexample.com", 443)) << list;
        EXPECT_FALSE(exempts_from_proxy(list, "example.org", 443)) << list;
        EXPECT_FALSE(exempts_from_proxy(list, "com", 443)) << list;
    }
    EXPECT_FALSE(exempts_from_proxy("example.com:8443", "example.com", 443));
    EXPECT_FALSE(exempts_from_proxy("", "example.com", 443));
    EXPECT_FALSE(exempts_from_proxy(".", "example.com", 443));
    EXPECT_FALSE(exempts_from_proxy("1.2.3.4", "example.com", 443));
}

TEST(no_proxy, exempts_addresses_and_networks) {
    EXPECT_TRUE(exempts_from_proxy("10.1.2.3", "10.1.2.3", 443));
    EXPECT_TRUE(exempts_from_proxy("10.1.2.3:443", "10.1.2.3", 443));
    EXPECT_FALSE(exempts_from_proxy("10.1.2.3:80", "10.1.2.3", 443));
    EXPECT_FALSE(exempts_from_proxy("2.3", "10.1.2.3", 443)) << "no suffix of an address";
    EXPECT_TRUE(exempts_from_proxy("10.0.0.0/8", "10.1.2.3", 443));
    EXPECT_FALSE(exempts_from_proxy("10.0.0.0/16", "10.1.2.3", 443));
    EXPECT_TRUE(exempts_from_proxy("10.1.2.2/31", "10.1.2.3", 443));
    EXPECT_FALSE(exempts_from_proxy("10.1.2.4/31", "10.1.2.3", 443));
    EXPECT_TRUE(exempts_from_proxy("0.0.0.0/0", "10.1.2.3", 443));
    EXPECT_FALSE(exempts_from_proxy("10.0.0.0/33", "10.1.2.3", 443));
    EXPECT_FALSE(exempts_from_proxy("10.0.0.0/", "10.1.2.3", 443));
    EXPECT_FALSE(exempts_from_proxy("10.0.0.0/8", "example.com", 443));
    EXPECT_TRUE(exempts_from_proxy("fd00::/8", "fd12::1", 443));
    EXPECT_FALSE(exempts_from_proxy("fd00::/8", "fe80::1", 443));
    EXPECT_TRUE(exempts_from_proxy("::1", "::1", 443));
    EXPECT_TRUE(exempts_from_proxy("[::1]:443", "::1", 443));
    EXPECT_FALSE(exempts_from_proxy("[::1]:80", "::1", 443));
    EXPECT_TRUE(exempts_from_proxy("0:0::1", "::1", 443)) << "the same address, written otherwise";
}

TEST(upstream_proxy, of_the_file_goes_before_the_environment) {
    const variables env = {{"POSTHASTE_API_KEY", "k"}, {"https_proxy", "http://env:1"}, {"no_proxy", "*"}};
    EXPECT_EQ(shown(loaded(R"({"upstream": {"url": "https://a.example", "proxy": "http://u:p@file:2"}})", {}, env)
                        .upstream.proxy),
              "u:p@file:2");
    const variables without = {{"POSTHASTE_API_KEY", "k"}, {"https_proxy", "http://env:1"}};
    for (const auto* text : {R"({"upstream": {"url": "https://a.example", "proxy": null}})",
                             R"({"upstream": {"url": "https://a.example"}})"})
        EXPECT_EQ(shown(loaded(text, {}, without).upstream.proxy), "env:1");
}

TEST(upstream_proxy, that_is_none_stops_the_start_without_showing_its_password) {
    EXPECT_THAT(
        problems_of(R"({"upstream": {"url": "https://a.example", "proxy": "https://u:hush@p"}})"),
        ElementsAre("posthaste.json:1:52: upstream.proxy: expected null or a URL such as "
                    "\"http://proxy.example:3128\"; this one has a scheme other than http (an https upstream is "
                    "reached over TLS within the proxy's tunnel)"));
    EXPECT_THAT(problems_of(R"({"upstream": {"url": "https://a.example", "proxy": 1}})"),
                ElementsAre(HasSubstr("found a whole number")));
    EXPECT_THAT(problems_of(R"({"upstream": {"url": "https://a.example"}})", {},
                            {{"POSTHASTE_API_KEY", "k"}, {"https_proxy", "ftp://x"}}),
                ElementsAre(HasSubstr("upstream.proxy: $https_proxy names no proxy")));
}

TEST(upstream_proxy, on_another_host_never_gets_the_key_unencrypted) {
    const auto with = [](const std::string& more) {
        return problems_of(R"({"upstream": {"url": "http://127.0.0.1:1", )" + more + "}}");
    };
    EXPECT_THAT(with(R"("proxy": "http://proxy.example:3128")"),
                ElementsAre(HasSubstr("upstream.url: the API key would cross the network to the proxy unencrypted")));
    EXPECT_THAT(with(R"("proxy": "http://127.0.0.1:3128")"), IsEmpty());
    EXPECT_THAT(with(R"("proxy": "http://proxy.example:3128", "allow_plain_http": true)"), IsEmpty());
}

TEST(upstream_proxy, with_a_password_is_refused_in_a_file_that_every_user_can_read) {
    const scratch_folder folder;
    const std::string text = R"({"upstream": {"url": "https://a.example", "proxy": "http://u:hush@p:1"}})";
    const auto load_from = [](const std::string& file) {
        return load_settings({file, std::nullopt, {}}, environment_of(test::with_key));
    };
    const auto open = folder.write("open.json", text, 0644);
    const auto refused = load_from(open);
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().size(), 1u);
    EXPECT_EQ(refused.error()[0].text, open + ":1:52: upstream.proxy: holds a password, and " + open +
                                           " is open to every user of this host (mode 0644): run  chmod o= " + open);
    EXPECT_TRUE(load_from(folder.write("closed.json", text, 0640)));
    EXPECT_TRUE(load_from(
        folder.write("harmless.json", R"({"upstream": {"url": "https://a.example", "proxy": "http://p:1"}})", 0644)));
}

}  // namespace
}  // namespace posthaste
