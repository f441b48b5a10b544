// Sockets that are passed to the daemon: they replace listen.addresses.

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/socket_activator.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

struct socket_activation : testing::Test {
    socket_activation() { upstream.start(); }

    socket_activator activator;
    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
};

TEST_F(socket_activation, takes_the_passed_sockets_in_the_place_of_its_addresses) {
    const auto port = activator.listen_tcp();
    const auto path = daemon.folder() / "passed.sock";
    activator.listen_unix(path);
    daemon.configure({{"listen", {{"addresses", {"unix:" + (daemon.folder() / "configured.sock")}}}}});
    daemon.run_under(activator.wrapper());
    daemon.start();
    EXPECT_EQ(daemon.port(), port);
    EXPECT_THAT(daemon.log(), HasSubstr("is ready on http://127.0.0.1:" + std::to_string(port) + ", unix:" + path));
    EXPECT_FALSE(std::filesystem::exists(daemon.folder() / "configured.sock"));
    EXPECT_NE(daemon.post(sample_event()), "");
    raw_socket over_unix(0, path);
    over_unix.send("GET /livez HTTP/1.1\r\nHost: anything\r\n\r\n");
    const auto answer = over_unix.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(std::filesystem::exists(path)) << "the file is whose who made the socket";
}

TEST_F(socket_activation, keeps_other_machines_out_unless_that_was_asked_for) {
    (void)activator.listen_tcp("0.0.0.0");
    daemon.run_under(activator.wrapper());
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(), HasSubstr("can be reached from other machines"));
    EXPECT_THAT(daemon.log(), HasSubstr("posthaste.socket"));
}

TEST_F(socket_activation, refuses_what_nobody_can_connect_to) {
    activator.pass_unusable();
    daemon.run_under(activator.wrapper());
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(), HasSubstr("is no listening TCP or unix socket"));
}

}  // namespace
}  // namespace posthaste
