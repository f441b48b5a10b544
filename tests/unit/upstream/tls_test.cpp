#include "daemon/upstream/tls.hpp"

#include <cstdio>
#include <memory>

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/unit/upstream/attempts.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"

namespace posthaste {
namespace {

using testing::attempts;
using testing::peer_connection;
using testing::scripted_peer;

// A self-signed certificate with its key, made for one test.
class certificate {
  public:
    // `names`: as in openssl's subjectAltName, "DNS:localhost" or "IP:127.0.0.1"; empty: only the common name,
    // localhost.
    explicit certificate(const std::string& names, long begins = -3600, long ends = 3600)
        : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), x509_(X509_new(), X509_free) {
        X509_set_version(x509_.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509_.get()), begins);
        X509_gmtime_adj(X509_getm_notAfter(x509_.get()), ends);
        X509_NAME* const name = X509_get_subject_name(x509_.get());
        const auto* const text = reinterpret_cast<const unsigned char*>("localhost");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(x509_.get(), name);
        X509_set_pubkey(x509_.get(), key_.get());
        if (!names.empty()) {
            X509_EXTENSION* const extension =
                X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
            X509_add_ext(x509_.get(), extension, -1);
            X509_EXTENSION_free(extension);
        }
        EXPECT_GT(X509_sign(x509_.get(), key_.get(), EVP_sha256()), 0);
        context_.reset(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_use_certificate(context_.get(), x509_.get());
        SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    }

    [[nodiscard]] SSL_CTX* server() const { return context_.get(); }

    // As a file of trusted certificates.
    [[nodiscard]] std::string write() const {
        const std::string path = ::testing::TempDir() + "posthaste-ca-" + std::to_string(::getpid()) + ".pem";
        std::FILE* const file = std::fopen(path.c_str(), "w");
        PEM_write_X509(file, x509_.get());
        std::fclose(file);
        return path;
    }

  private:
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> x509_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
};

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

TEST(tls, partial_wildcards_and_common_names_never_count) {
    upstream_settings upstream;
    auto context = make_tls_context(upstream);
    ASSERT_TRUE(context);
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context->native_handle()), SSL_free);
    ASSERT_TRUE(expect_certificate_of(session.get(), "production.example.com"));
    const unsigned int flags = X509_VERIFY_PARAM_get_hostflags(SSL_get0_param(session.get()));
    EXPECT_TRUE(flags & X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    EXPECT_TRUE(flags & X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
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

}  // namespace
}  // namespace posthaste
