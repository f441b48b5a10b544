// When the state is asked for, to be shown by `systemctl status` and to feed the watchdog.

#include "daemon/supervisor/heartbeat.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

// A service manager that nobody needs to be: what is sent to it is lost.
class notify_variable {
  public:
    notify_variable() { ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1); }
    ~notify_variable() { ::unsetenv("NOTIFY_SOCKET"); }

    notify_variable(const notify_variable&) = delete;
    notify_variable& operator=(const notify_variable&) = delete;
};

struct counting_source {
    int asked = 0;

    status_source source() {
        return {.store =
                    [this](auto reply) {
                        ++asked;
                        reply({});
                    },
                .upstream = [](auto reply) { reply({}); },
                .stopping = [] { return false; },
                .configuration = [] { return configuration_state{}; }};
    }
};

TEST(heartbeat, begins_at_once_and_then_rests) {
    const notify_variable listening;
    const service_manager manager;
    boost::asio::io_context io;
    counting_source state;
    heartbeat beats(io, manager, state.source());
    beats.start();
    io.poll();
    EXPECT_EQ(state.asked, 1);
    beats.stop();
    io.run();
    EXPECT_EQ(state.asked, 1);
}

TEST(heartbeat, asks_nobody_where_nobody_listens) {
    const service_manager manager;
    boost::asio::io_context io;
    counting_source state;
    heartbeat beats(io, manager, state.source());
    beats.start();
    io.run();
    EXPECT_EQ(state.asked, 0);
}

TEST(heartbeat, rests_shortly_for_who_looks_and_shorter_where_the_watchdog_asks_for_it) {
    EXPECT_EQ(rest_between_beats(std::nullopt), seconds{2});
    EXPECT_EQ(rest_between_beats(seconds{30}), seconds{2});
    EXPECT_EQ(rest_between_beats(seconds{3}), seconds{1});
    EXPECT_EQ(rest_between_beats(milliseconds{1}), milliseconds{1});
    for (const auto watchdog : {milliseconds{10}, milliseconds{150}, milliseconds{5'000}, milliseconds{600'000}})
        EXPECT_LE(2 * rest_between_beats(watchdog), watchdog) << "fed twice in " << watchdog.count() << " ms";
}

}  // namespace
}  // namespace posthaste
