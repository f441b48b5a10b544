#include "daemon/upstream/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/unit/upstream/attempts.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"

namespace posthaste {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using testing::peer_connection;
using testing::plain_upstream;
using testing::scripted_peer;

// Makes one attempt over a connection that may choose among these addresses.
class one_attempt final : private connection_owner {
  public:
    attempt_outcome over(address_book::addresses addresses) {
        auto upstream = plain_upstream(80);
        upstream.url.host = "several.example";
        auto route =
            std::make_shared<upstream_route>(*prepare_upstream(upstream), address_book(io_, std::move(addresses)));
        pending_event event;
        event.what.path = "/run/event";
        const auto made = std::make_shared<connection>(io_, std::move(route), static_cast<connection_owner&>(*this));
        made->open({0, &event, 0});
        while (!outcome_ && io_.run_one() > 0) {
        }
        made->close();
        io_.restart();
        io_.run();
        return outcome_.value_or(attempt_outcome{});
    }

  private:
    void ended(connection&, attempt_outcome outcome) override { outcome_ = std::move(outcome); }
    void found_stale(connection&) override { ADD_FAILURE() << "a new connection is never stale"; }
    [[nodiscard]] wall_time wall_now() const override { return {}; }

    boost::asio::io_context io_{1};
    std::optional<attempt_outcome> outcome_;
};

// A port that nobody listens on.
std::uint16_t closed_port() {
    scripted_peer gone({[](peer_connection&) {}});
    return gone.port();
}

TEST(connection, tries_all_addresses_of_the_upstream_in_turn) {
    scripted_peer peer({[](peer_connection& accepted) {
        accepted.read_request();
        accepted.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }});
    const auto loopback = make_address("127.0.0.1");
    const tcp::endpoint closed(loopback, closed_port());
    const auto outcome = one_attempt().over({closed, closed, {loopback, peer.port()}});
    EXPECT_EQ(outcome.status, 200) << outcome.message;
}

TEST(connection, fails_when_no_address_can_be_reached) {
    const tcp::endpoint closed(make_address("127.0.0.1"), closed_port());
    const auto outcome = one_attempt().over({closed, closed});
    EXPECT_FALSE(outcome.status);
    EXPECT_EQ(outcome.message, "cannot connect to several.example:80: Connection refused");
}

TEST(connection, gives_up_on_a_chunk_s_head_or_a_trailer_without_an_end) {
    for (const std::string begin : {"1;", "0\r\nX: "}) {
        std::size_t written = 0;
        attempt_outcome outcome;
        {
            scripted_peer peer({[&](peer_connection& connection) {
                connection.read_request();
                connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + begin);
                while (written < 16'000'000 && connection.write(std::string(10'000, 'x')))
                    written += 10'000;
            }});
            outcome = testing::attempts(plain_upstream(peer.port())).make();
        }
        EXPECT_FALSE(outcome.status);
        EXPECT_NE(outcome.message.find("has no end"), std::string::npos) << outcome.message;
        EXPECT_LT(written, 16'000'000U);
    }
}

}  // namespace
}  // namespace posthaste
