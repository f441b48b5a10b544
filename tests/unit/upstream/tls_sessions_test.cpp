// TLS sessions are resumed, with the peer that gave them and no other.

#include "daemon/upstream/tls_sessions.hpp"

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

class tls_session : public ::testing::TestWithParam<int> {
  protected:
    tls_session() {
        SSL_CTX_set_min_proto_version(served_.server(), GetParam());
        SSL_CTX_set_max_proto_version(served_.server(), GetParam());
        upstream_ = testing::plain_upstream(0);
        upstream_.url.tls = true;
        upstream_.ca_file = served_.write();
    }

    // Each connection serves one request.
    scripted_peer::script once() {
        return [](peer_connection& connection) {
            connection.read_request();
            connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        };
    }

    [[nodiscard]] long resumed() const { return SSL_CTX_sess_hits(served_.server()); }

    certificate served_{"IP:127.0.0.1"};
    upstream_settings upstream_;
};

TEST_P(tls_session, is_resumed_by_the_next_connections) {
    {
        scripted_peer peer({once()}, served_.server());
        upstream_.url.port = peer.port();
        attempts attempts(upstream_);
        for (int each = 0; each < 5; ++each) {
            const auto outcome = attempts.make();
            EXPECT_EQ(outcome.status, 200) << outcome.message;
        }
        EXPECT_EQ(peer.connections(), 5);
    }
    EXPECT_EQ(resumed(), 4);
}

TEST_P(tls_session, is_of_no_use_with_another_peer_object) {
    {
        scripted_peer peer({once()}, served_.server());
        upstream_.url.port = peer.port();
        attempts attempts(upstream_);
        EXPECT_EQ(attempts.make().status, 200);
        attempts.use(upstream_);
        EXPECT_EQ(attempts.make().status, 200);
    }
    EXPECT_EQ(resumed(), 0);
}

TEST_P(tls_session, is_given_up_by_a_server_that_forgot_it_without_harm) {
    {
        scripted_peer peer({once()}, served_.server());
        upstream_.url.port = peer.port();
        attempts attempts(upstream_);
        EXPECT_EQ(attempts.make().status, 200);
        unsigned char other_keys[80] = {1};
        ASSERT_EQ(SSL_CTX_set_tlsext_ticket_keys(served_.server(), other_keys, sizeof other_keys), 1);
        EXPECT_EQ(attempts.make().status, 200);
    }
    EXPECT_EQ(resumed(), 0);
}

INSTANTIATE_TEST_SUITE_P(of_each_version, tls_session, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                             return std::string(version.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3");
                         });

}  // namespace
}  // namespace posthaste
