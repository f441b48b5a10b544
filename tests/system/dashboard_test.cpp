// The dashboard before a real Chromium, by tests/system/node/dashboard.mjs, which is the person and the upstream. Its
// screenshots are in build/PRESET/tests/system/screenshots.

#include <atomic>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/mounts.hpp"
#include "tests/system/support/node_script.hpp"
#include "tests/system/support/peer_program.hpp"
#include "tests/system/support/reserved_port.hpp"

#define POSTHASTE_NEEDS_BROWSER() \
    POSTHASTE_NEEDS_NODE();       \
    POSTHASTE_NEEDS_PROGRAM("chromium")

namespace posthaste {
namespace {

struct dashboard : testing::Test {
    void expect_right(const std::string& check, const std::vector<std::string>& more = {}) const {
        std::filesystem::create_directories(POSTHASTE_SCREENSHOTS);
        std::vector<std::string> arguments{check, find_tool("chromium"), daemon.url(),
                                           std::to_string(upstream.number()), POSTHASTE_SCREENSHOTS};
        arguments.insert(arguments.end(), more.begin(), more.end());
        expect_nothing_wrong("dashboard.mjs", arguments);
    }

    reserved_port upstream;
    daemon_under_test daemon{"http://127.0.0.1:" + std::to_string(upstream.number())};
};

TEST_F(dashboard, sees_an_outage_begin_and_end_and_delivery_paused) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.start();
    expect_right("outage");
}

TEST_F(dashboard, says_that_new_events_are_refused_and_why) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.configure({{"queue", {{"max_events", 3}}}});
    daemon.start();
    expect_right("refused");
}

TEST_F(dashboard, says_that_new_events_are_refused_for_want_of_room_on_the_disk) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.configure({{"queue", {{"disk_reserve", "1024TiB"}}}});
    daemon.start();
    expect_right("disk");
}

TEST_F(dashboard, says_that_a_reload_was_refused_and_why) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.start();
    expect_right("reload", {std::to_string(daemon.running().id()), daemon.configuration_path()});
}

TEST_F(dashboard, says_that_the_daemon_is_gone_and_goes_on_when_it_is_back) {
    POSTHASTE_NEEDS_BROWSER();
    const reserved_port own;
    daemon.configure({{"listen", {{"addresses", {"127.0.0.1:" + std::to_string(own.number())}}}}});
    daemon.start();
    std::atomic<bool> over = false;
    const std::string restart = daemon.folder() / "restart";
    std::thread restarting([&] {
        if (!wait_until([&] { return std::filesystem::exists(restart); }, std::chrono::minutes{5})) return;
        daemon.running().wait();
        daemon.start();
        over.wait(false);  // with this thread the daemon would end, too
    });
    expect_right("gone", {std::to_string(daemon.running().id()), restart});
    daemon.folder().write("restart", "");  // in any case
    over = true;
    over.notify_one();
    restarting.join();
}

TEST_F(dashboard, lists_filters_shows_retries_and_discards_dead_events) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.start();
    expect_right("dead");
}

TEST_F(dashboard, is_usable_by_keyboard_alone) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.start();
    expect_right("keyboard");
}

TEST_F(dashboard, asks_for_the_token) {
    POSTHASTE_NEEDS_BROWSER();
    const auto tokens = daemon.folder().write("tokens", "app app-token-1\noperator operator-token-1\n");
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    daemon.start();
    expect_right("token", {"app-token-1", "operator-token-1"});
}

TEST_F(dashboard, is_accessible_and_harmless_whatever_the_events_hold) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.start();
    expect_right("looks");
}

TEST_F(dashboard, is_accessible_and_fits_in_light_and_dark_wide_and_narrow) {
    POSTHASTE_NEEDS_BROWSER();
    daemon.start();
    expect_right("pictures");
}

}  // namespace
}  // namespace posthaste
