#include "daemon/upstream/tls.hpp"

#include <memory>

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "tests/unit/upstream/attempts.hpp"
#include "tests/unit/upstream/certificate.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"

namespace posthaste {
namespace {

using testing::attempts;
using testing::certificate;
using testing::peer_connection;
using testing::scripted_peer;

// What the peer got to read of an attempt against it, and how that ended.
struct handshake_result {
    attempt_outcome outcome;
    std::string seen;
};

handshake_result attempt_against(const certificate& served, const std::string& host, bool trusted) {
    handshake_result result;
    {
        scripted_peer peer({[&](peer_connection& connection) {
                               result.seen = connection.read_request();
                               connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                           }},
                           served.server());
        auto upstream = testing::plain_upstream(peer.port());
        upstream.url.tls = true;
        upstream.url.host = host;
        if (trusted) upstream.ca_file = served.write();
        attempts attempts(upstream);
        result.outcome = attempts.make();
    }
    return result;
}

void expect_refused(const handshake_result& result, const std::string& reason) {
    EXPECT_FALSE(result.outcome.status);
    EXPECT_TRUE(result.outcome.message.starts_with("the certificate of ")) << result.outcome.message;
    EXPECT_NE(result.outcome.message.find(reason), std::string::npos) << result.outcome.message;
    EXPECT_EQ(result.seen, "") << "nothing is sent, least of all the key";
}

TEST(tls, a_trusted_certificate_of_the_host_is_taken) {
    const auto by_address = attempt_against(certificate("IP:127.0.0.1"), "127.0.0.1", true);
    EXPECT_EQ(by_address.outcome.status, 200) << by_address.outcome.message;
    EXPECT_NE(by_address.seen.find("the-secret-key"), std::string::npos);
    const auto by_name = attempt_against(certificate("DNS:localhost"), "localhost", true);
    EXPECT_EQ(by_name.outcome.status, 200) << by_name.outcome.message;
}

TEST(tls, a_self_signed_certificate_is_refused_and_the_key_is_not_sent) {
    expect_refused(attempt_against(certificate("IP:127.0.0.1"), "127.0.0.1", false), "self-signed certificate");
}

TEST(tls, a_certificate_of_another_host_is_refused) {
    expect_refused(attempt_against(certificate("DNS:example.com"), "localhost", true), "another name");
    expect_refused(attempt_against(certificate("IP:127.0.0.2"), "127.0.0.1", true), "another name");
    expect_refused(attempt_against(certificate("DNS:127.0.0.1"), "127.0.0.1", true), "another name");
}

TEST(tls, a_common_name_is_no_name) {
    expect_refused(attempt_against(certificate(""), "localhost", true), "another name");
}

// As the handshake would judge it, without a name service that knows such hosts.
bool is_of_host(const certificate& shown, const std::string& host) {
    upstream_settings upstream;
    auto context = make_tls_context(upstream);
    if (!context) return false;
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context->native_handle()), SSL_free);
    if (!expect_certificate_of(session.get(), host)) return false;
    const unsigned int flags = X509_VERIFY_PARAM_get_hostflags(SSL_get0_param(session.get()));
    return X509_check_host(shown.get(), host.data(), host.size(), flags, nullptr) == 1;
}

TEST(tls, a_wildcard_stands_for_one_whole_label) {
    EXPECT_TRUE(is_of_host(certificate("DNS:*.example.com"), "production.example.com"));
    EXPECT_FALSE(is_of_host(certificate("DNS:*.example.com"), "eu.production.example.com"));
    EXPECT_FALSE(is_of_host(certificate("DNS:prod*.example.com"), "production.example.com"));
    EXPECT_FALSE(is_of_host(certificate("DNS:*tion.example.com"), "production.example.com"));
    EXPECT_FALSE(is_of_host(certificate("DNS:*.com"), "example.com"));
}

TEST(tls, a_common_name_does_not_count_for_want_of_another) {
    EXPECT_FALSE(is_of_host(certificate(""), "localhost"));
}

TEST(tls, an_expired_certificate_is_refused) {
    expect_refused(attempt_against(certificate("IP:127.0.0.1", -7200, -3600), "127.0.0.1", true), "expired");
}

TEST(tls, a_certificate_of_tomorrow_is_refused) {
    expect_refused(attempt_against(certificate("IP:127.0.0.1", 3600, 7200), "127.0.0.1", true), "not yet valid");
}

TEST(tls, a_version_under_1_2_is_refused) {
    const certificate served("IP:127.0.0.1");
    SSL_CTX_set_security_level(served.server(), 0);
    SSL_CTX_set_min_proto_version(served.server(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(served.server(), TLS1_1_VERSION);
    const auto result = attempt_against(served, "127.0.0.1", true);
    EXPECT_FALSE(result.outcome.status);
    EXPECT_EQ(result.seen, "");
    // OpenSSL's own configuration may ask for as much; this program asks for it wherever it runs.
    auto context = make_tls_context({});
    ASSERT_TRUE(context);
    EXPECT_GE(SSL_CTX_get_min_proto_version(context->native_handle()), TLS1_2_VERSION);
}

TEST(tls, a_kept_connection_is_used_again) {
    const certificate served("IP:127.0.0.1");
    scripted_peer peer({[](peer_connection& connection) {
                           while (!connection.read_request().empty())
                               connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                       }},
                       served.server());
    auto upstream = testing::plain_upstream(peer.port());
    upstream.url.tls = true;
    upstream.ca_file = served.write();
    attempts attempts(upstream);
    for (int each = 0; each < 5; ++each)
        EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(peer.connections(), 1);
}

TEST(tls, a_large_body_arrives_whole) {
    const certificate served("IP:127.0.0.1");
    std::string seen;
    std::string body;
    {
        scripted_peer peer({[&](peer_connection& connection) {
                               seen = connection.read_request();
                               connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                           }},
                           served.server());
        auto upstream = testing::plain_upstream(peer.port());
        upstream.url.tls = true;
        upstream.ca_file = served.write();
        attempts attempts(upstream);
        while (attempts.event().what.body.size() < 4 * 1024 * 1024)
            attempts.event().what.body += std::to_string(attempts.event().what.body.size());
        body = attempts.event().what.body;
        EXPECT_EQ(attempts.make().status, 200);
    }
    EXPECT_TRUE(seen.ends_with(body));
}

TEST(tls, a_plain_peer_is_named_as_such) {
    scripted_peer peer({[](peer_connection& connection) {
        connection.read_some();
        connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    }});
    auto upstream = testing::plain_upstream(peer.port());
    upstream.url.tls = true;
    attempts attempts(upstream);
    const auto outcome = attempts.make();
    EXPECT_FALSE(outcome.status);
    EXPECT_NE(outcome.message.find("does not speak TLS"), std::string::npos) << outcome.message;
}

TEST(tls, a_ca_file_that_cannot_be_read_stops_the_start) {
    upstream_settings upstream;
    upstream.url.tls = true;
    upstream.ca_file = "/nonexistent/ca.pem";
    const auto context = make_tls_context(upstream);
    ASSERT_FALSE(context);
    EXPECT_EQ(context.error().code, exit_code::usage);
    EXPECT_NE(context.error().message.find("/nonexistent/ca.pem"), std::string::npos);
}

TEST(tls, is_as_strict_whatever_the_systems_configuration_says) {
    auto context = make_tls_context({});
    ASSERT_TRUE(context);
    EXPECT_EQ(SSL_CTX_get_security_level(context->native_handle()), 2);
}

// A server that takes nobody but the bearer of `trusted`.
void require_certificate(const certificate& server, const certificate& trusted) {
    SSL_CTX_set_verify(server.server(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_load_verify_file(server.server(), trusted.write("client").c_str());
}

TEST(tls, a_client_certificate_is_shown_to_an_upstream_that_asks_for_one) {
    const certificate served("IP:127.0.0.1");
    const certificate own("DNS:client");
    require_certificate(served, own);
    scripted_peer peer({[](peer_connection& connection) {
                           connection.read_request();
                           connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                       }},
                       served.server());
    auto upstream = testing::plain_upstream(peer.port());
    upstream.url.tls = true;
    upstream.ca_file = served.write();
    upstream.client_certificate_file = own.write("client");
    upstream.client_key_file = own.write_key("client");
    attempts attempts(upstream);
    const auto outcome = attempts.make();
    EXPECT_EQ(outcome.status, 200) << outcome.message;
}

TEST(tls, a_client_certificate_that_is_missing_is_named_as_such) {
    const certificate served("IP:127.0.0.1");
    require_certificate(served, certificate("DNS:client"));
    const auto result = attempt_against(served, "127.0.0.1", true);
    EXPECT_FALSE(result.outcome.status);
    EXPECT_EQ(result.outcome.message,
              "the connection broke before the answer was read: the upstream asks for a client certificate "
              "(upstream.client_certificate_file)");
}

TEST(tls, a_client_key_of_another_certificate_stops_the_start) {
    upstream_settings upstream;
    upstream.url.tls = true;
    upstream.client_certificate_file = certificate("DNS:a").write("client");
    upstream.client_key_file = certificate("DNS:b").write_key("other");
    const auto prepared = prepare_upstream(upstream);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code, exit_code::usage);
    EXPECT_NE(prepared.error().message.find("upstream.client_key_file"), std::string::npos) << prepared.error().message;
}

}  // namespace
}  // namespace posthaste
