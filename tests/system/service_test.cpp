// What a service manager hears of the daemon, and when the watchdog is fed.

#include <algorithm>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/fault_injection.hpp"
#include "tests/system/support/notify_socket.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

struct service : testing::Test {
    service() { daemon.set_environment({{"NOTIFY_SOCKET", manager.path()}}); }

    void start_watched() {
        daemon.set_environment({{"NOTIFY_SOCKET", manager.path()}, {"WATCHDOG_USEC", "150000"}});
        daemon.start();
    }
    // Whether so many beats more come.
    bool feeds(std::size_t beats) {
        const auto before = manager.count("WATCHDOG=1");
        return wait_until([&] { return manager.count("WATCHDOG=1") >= before + beats; });
    }
    // Until the time of many beats went by without one.
    bool falls_silent() {
        return wait_until([&] {
            const auto before = manager.count("WATCHDOG=1");
            return !wait_until([&] { return manager.count("WATCHDOG=1") > before; }, std::chrono::seconds{3});
        });
    }
    void expect_silence_when_held(const std::string& thread, const planned_fault& fault) {
        if (const auto why = no_fault_injection(); !why.empty()) GTEST_SKIP() << why;
        if (sanitized) GTEST_SKIP() << "strace and sanitizers do not go together";
        start_watched();
        EXPECT_TRUE(feeds(3));
        auto held = std::make_unique<fault_injection>(daemon.running().id(), thread, fault);
        raw_socket app(daemon.port());
        app.send(
            request_text("POST", "/run/event", {{"Content-Type", "application/json"}}, sample_event(), daemon.port()));
        EXPECT_TRUE(falls_silent());
        held.reset();
        EXPECT_TRUE(feeds(3)) << "it goes on where it was held up";
    }

    notify_socket manager;
    daemon_under_test daemon;
};

TEST_F(service, tells_of_its_start_and_its_stop) {
    daemon.start();
    EXPECT_EQ(manager.wait_for("READY=1"), "READY=1\nSTATUS=ready on " + daemon.url());
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(manager.wait_for("STOPPING=1"), "STOPPING=1\nSTATUS=stopping: attempts in flight get up to 20 s");
    EXPECT_EQ(manager.count("WATCHDOG=1"), 0U) << "nobody watches";
}

TEST_F(service, tells_of_a_reload_and_what_needs_a_restart) {
    daemon.start();
    EXPECT_NE(manager.wait_for("READY=1"), "");
    daemon.configure({{"limits", {{"body", "2MiB"}}}, {"queue", {{"path", daemon.folder() / "other.db"}}}});
    auto heard = manager.messages().size();
    daemon.running().signal(SIGHUP);
    EXPECT_THAT(manager.wait_for("RELOADING=1", heard), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
    EXPECT_EQ(manager.wait_for("READY=1", heard), "READY=1\nSTATUS=reloaded; queue.path needs a restart");

    daemon.configure({{"limits", {{"body", "much"}}}});
    heard = manager.messages().size();
    daemon.running().signal(SIGHUP);
    EXPECT_NE(manager.wait_for("RELOADING=1", heard), "");
    EXPECT_THAT(manager.wait_for("READY=1", heard), HasSubstr("STATUS=not reloaded: "));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(service, shows_its_state_again_after_a_reload_that_changed_nothing_of_it) {
    start_watched();
    EXPECT_NE(manager.wait_for("STATUS=0 pending"), "");
    const auto expect_state_after_reload = [&](const std::string& state) {
        const auto heard = manager.messages().size();
        daemon.running().signal(SIGHUP);
        EXPECT_NE(manager.wait_for("READY=1", heard), "");
        const auto all = manager.messages();
        const auto done = std::find_if(all.begin() + static_cast<std::ptrdiff_t>(heard), all.end(),
                                       [](const std::string& message) { return message.starts_with("READY=1"); });
        EXPECT_THAT(manager.wait_for("STATUS=", static_cast<std::size_t>(done - all.begin())), HasSubstr(state));
    };
    expect_state_after_reload("STATUS=0 pending, upstream up, 0/s");
    daemon.configure({{"limits", {{"body", "much"}}}});
    expect_state_after_reload("; the last reload failed: ");
    expect_state_after_reload("; the last reload failed: ");
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(service, ends_each_reload_that_it_began) {
    daemon.start();
    for (int turn = 0; turn < 20; ++turn)
        daemon.running().signal(SIGHUP);
    EXPECT_EQ(daemon.stop(), 0);
    daemon.start();
    daemon.running().signal(SIGHUP);
    EXPECT_TRUE(wait_until([&] {
        const auto& all = manager.messages();
        const auto last = std::find_if(all.rbegin(), all.rend(), [](const std::string& message) {
            return message.starts_with("READY=1") || message.starts_with("RELOADING=1");
        });
        return last != all.rend() && last->starts_with("READY=1\nSTATUS=reloaded");
    }));
}

TEST_F(service, feeds_the_watchdog_while_it_is_idle_and_shows_its_state) {
    start_watched();
    EXPECT_TRUE(feeds(20));
    EXPECT_EQ(manager.wait_for("STATUS=0"), "STATUS=0 pending, upstream up, 0/s");
    daemon.post(sample_event());
    EXPECT_THAT(manager.wait_for("STATUS=1"), HasSubstr("STATUS=1 pending, upstream "));
    EXPECT_TRUE(feeds(3));
}

TEST_F(service, starves_the_watchdog_when_the_store_is_held_up) {
    expect_silence_when_held("store", {"fdatasync", "delay_enter=60000000", 1, ""});
}

TEST_F(service, starves_the_watchdog_when_the_delivery_loop_is_held_up) {
    expect_silence_when_held("delivery", {"epoll_wait", "delay_enter=60000000", 1, ""});
}

TEST_F(service, starves_the_watchdog_when_the_accept_loop_is_held_up) {
    expect_silence_when_held("posthaste", {"epoll_wait", "delay_enter=60000000", 1, ""});
}

}  // namespace
}  // namespace posthaste
