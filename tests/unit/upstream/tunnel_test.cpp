// Through a proxy: CONNECT and TLS within for an https upstream, whole URLs for another.

#include "daemon/upstream/tunnel.hpp"

#include <gtest/gtest.h>

#include "tests/unit/upstream/attempts.hpp"
#include "tests/unit/upstream/certificate.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"

namespace posthaste {
namespace {

using testing::attempts;
using testing::certificate;
using testing::peer_connection;
using testing::scripted_peer;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
// base64 of "ada:open sesame"
constexpr std::string_view basic = "Basic YWRhOm9wZW4gc2VzYW1l";

upstream_settings behind(const scripted_peer& proxy, bool tls) {
    upstream_settings upstream;
    upstream.url.tls = tls;
    upstream.url.host = "upstream.example";
    upstream.url.port = 8443;
    upstream.api_key = "the-secret-key";
    upstream.proxy.emplace();
    upstream.proxy->address.host = "127.0.0.1";
    upstream.proxy->address.port = proxy.port();
    return upstream;
}

std::string named(const scripted_peer& proxy) {
    return "the proxy 127.0.0.1:" + std::to_string(proxy.port());
}

TEST(tunnel, carries_tls_to_the_upstream) {
    const certificate served("DNS:upstream.example");
    std::string asked;
    std::vector<std::string> within;
    {
        scripted_peer proxy({[&](peer_connection& connection) {
            asked = connection.read_request();
            connection.write("HTTP/1.1 200 Connection ");
            connection.write("established\r\nX-Proxy: 1\r\n\r\n");
            if (!connection.start_tls(served.server())) return;
            for (auto request = connection.read_request(); !request.empty(); request = connection.read_request()) {
                within.push_back(request);
                connection.write(ok);
            }
        }});
        auto upstream = behind(proxy, true);
        upstream.proxy->credentials = "ada:open sesame";
        upstream.ca_file = served.write();
        attempts attempts(upstream);
        for (int each = 0; each < 3; ++each) {
            const auto outcome = attempts.make();
            EXPECT_EQ(outcome.status, 200) << outcome.message;
        }
        EXPECT_EQ(proxy.connections(), 1) << "the tunnel is kept like any connection";
    }
    EXPECT_EQ(asked,
              "CONNECT upstream.example:8443 HTTP/1.1\r\nHost: upstream.example:8443\r\nUser-Agent: "
              "posthaste/" POSTHASTE_VERSION "\r\nProxy-Authorization: " +
                  std::string(basic) + "\r\n\r\n");
    ASSERT_EQ(within.size(), 3u);
    EXPECT_TRUE(within[0].starts_with("POST /run/event HTTP/1.1\r\nHost: upstream.example:8443\r\n")) << within[0];
    EXPECT_EQ(within[0].find("Proxy-Authorization"), std::string::npos);
}

TEST(tunnel, is_asked_for_without_credentials_where_there_are_none) {
    url ipv6;
    ipv6.host = "::1";
    ipv6.port = 443;
    EXPECT_EQ(tunnel_request(ipv6, {}),
              "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nUser-Agent: posthaste/" POSTHASTE_VERSION "\r\n\r\n");
}

TEST(tunnel, holds_nobody_to_be_the_upstream_but_the_upstream) {
    const certificate served("DNS:other.example");
    std::string within;
    {
        scripted_peer proxy({[&](peer_connection& connection) {
            connection.read_request();
            connection.write("HTTP/1.1 200 OK\r\n\r\n");
            if (connection.start_tls(served.server())) within = connection.read_request();
        }});
        auto upstream = behind(proxy, true);
        upstream.ca_file = served.write();
        const auto outcome = attempts(upstream).make();
        EXPECT_FALSE(outcome.status);
        EXPECT_NE(outcome.message.find("the certificate of upstream.example is not trusted"), std::string::npos)
            << outcome.message;
    }
    EXPECT_EQ(within, "");
}

TEST(tunnel, that_is_refused_is_no_answer_and_names_the_proxy) {
    const struct {
        std::string_view answer;
        std::string why;
        std::optional<int> status{};
    } refusals[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno",
         " refused the way to upstream.example:8443 (it answered 407): it asks for credentials, or for others: check "
         "those in upstream.proxy",
         407},
        {"HTTP/1.1 401 Unauthorized\r\n\r\n",
         " refused the way to upstream.example:8443 (it answered 401): it asks for credentials, or for others: check "
         "those in upstream.proxy",
         407},
        {"HTTP/1.1 403 Forbidden\r\n\r\n",
         " refused the way to upstream.example:8443 (it answered 403): it must allow CONNECT to this host and port"},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\n",
         " refused the way to upstream.example:8443 (it answered 502): it could not get there itself"},
        {"220 mail.example ESMTP\r\n", " did not answer in HTTP: check upstream.proxy"},
        {"HTTP/1.1 200 OK\r\n\r\nand more", " did not answer in HTTP: check upstream.proxy"},
    };
    for (const auto& [answer, why, status] : refusals) {
        std::string asked;
        std::string followed;
        {
            scripted_peer proxy({[&](peer_connection& connection) {
                asked = connection.read_request();
                connection.write(answer);
                followed = connection.read_some();
            }});
            auto upstream = behind(proxy, true);
            upstream.proxy->credentials = "ada:open sesame";
            const auto outcome = attempts(upstream).make();
            EXPECT_EQ(outcome.status, status) << "credentials that are refused are the set-up's fault";
            EXPECT_EQ(outcome.message, named(proxy) + why);
            EXPECT_FALSE(outcome.timed_out);
        }
        EXPECT_EQ(asked.find("the-secret-key"), std::string::npos);
        EXPECT_EQ(followed, "");
    }
}

TEST(tunnel, that_breaks_off_is_told) {
    scripted_peer proxy({[](peer_connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200");
    }});
    const auto outcome = attempts(behind(proxy, true)).make();
    EXPECT_EQ(outcome.message, "the connection to " + named(proxy) + " broke before it opened the way: End of file");
}

TEST(tunnel, that_does_not_open_in_time_is_given_up) {
    scripted_peer proxy({[](peer_connection& connection) { connection.wait_for_close(); }});
    auto upstream = behind(proxy, true);
    upstream.connect_timeout = milliseconds{50};
    const auto outcome = attempts(upstream).make();
    EXPECT_EQ(outcome.message, named(proxy) + " did not open the way within 50ms");
    EXPECT_TRUE(outcome.timed_out);
}

TEST(tunnel, is_not_needed_for_plain_http_where_the_proxy_gets_the_whole_url) {
    std::string asked;
    {
        scripted_peer proxy({[&](peer_connection& connection) {
            asked = connection.read_request();
            connection.write(ok);
        }});
        auto upstream = behind(proxy, false);
        upstream.url.path_prefix = "/base";
        upstream.proxy->credentials = "ada:open sesame";
        EXPECT_EQ(attempts(upstream).make().status, 200);
    }
    EXPECT_TRUE(
        asked.starts_with("POST http://upstream.example:8443/base/run/event HTTP/1.1\r\nHost: upstream.example:8443"
                          "\r\nProxy-Authorization: " +
                          std::string(basic) + "\r\n"))
        << asked;
}

}  // namespace
}  // namespace posthaste
