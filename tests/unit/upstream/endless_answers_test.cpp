// Answers that are longer than what is kept of one.

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "daemon/upstream/answer_parser.hpp"
#include "lib/delivery/answer_text.hpp"
#include "tests/unit/upstream/attempts.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"

namespace posthaste {
namespace {

using testing::attempts;
using testing::peer_connection;
using testing::plain_upstream;
using testing::scripted_peer;

TEST(upstream_pool, cuts_off_an_endless_answer_and_keeps_its_status) {
    std::promise<void> cut;
    scripted_peer peer({[&](peer_connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 500 Oops\r\n\r\n");
        while (connection.write(std::string(64 * 1024, 'x'))) {
        }
        cut.set_value();
    }});
    attempts attempts(plain_upstream(peer.port()));
    const auto outcome = attempts.make();
    EXPECT_EQ(outcome.status, 500);
    EXPECT_LE(outcome.message.size(), max_error_text_bytes + 3);
    cut.get_future().get();
}

// Nearly every read ends within a chunk's head, which is no reason to read on.
TEST(upstream_pool, cuts_off_an_answer_of_chunks_as_soon_as_it_is_too_long) {
    const std::string chunk = "a;" + std::string(4096 - 16, 'x') + "\r\n0123456789\r\n";
    std::promise<void> cut;
    scripted_peer peer({[&](peer_connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t sent = 0; sent < max_answer_bytes + 100; sent += 10)
            connection.write(chunk);
        connection.read_request();  // waits for the end
        cut.set_value();
    }});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
    cut.get_future().get();
}

}  // namespace
}  // namespace posthaste
