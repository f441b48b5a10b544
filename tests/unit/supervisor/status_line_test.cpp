// The line that `systemctl status` shows.

#include <gtest/gtest.h>

#include "daemon/supervisor/heartbeat.hpp"

namespace posthaste {
namespace {

store_status holding(std::uint64_t pending) {
    store_status store;
    store.totals.pending = pending;
    return store;
}

TEST(status_line, shows_what_is_pending_the_upstream_and_the_rate) {
    EXPECT_EQ(status_line(holding(0), {}, {}), "0 pending, upstream up, 0/s");
    EXPECT_EQ(status_line(holding(1204), {.state = "held", .delivered_per_second = 311.6}, {}),
              "1,204 pending, upstream held, 312/s");
}

TEST(status_line, groups_digits_by_three_from_the_right) {
    const auto shown = [](std::uint64_t pending) {
        const auto line = status_line(holding(pending), {}, {});
        return line.substr(0, line.find(' '));
    };
    EXPECT_EQ(shown(7), "7");
    EXPECT_EQ(shown(999), "999");
    EXPECT_EQ(shown(1000), "1,000");
    EXPECT_EQ(shown(12345), "12,345");
    EXPECT_EQ(shown(123456), "123,456");
    EXPECT_EQ(shown(10000000), "10,000,000");
}

TEST(status_line, says_why_no_event_is_taken) {
    auto store = holding(3);
    store.queue_full = true;
    EXPECT_EQ(status_line(store, {}, {}), "3 pending, upstream up, 0/s; the queue is full");
    store.disk_full = true;
    EXPECT_EQ(status_line(store, {}, {}), "3 pending, upstream up, 0/s; the queue is full; the disk is full");
}

TEST(status_line, says_what_a_person_has_to_do_about_the_configuration) {
    configuration_state configuration;
    configuration.last_reload = configuration_state::reload{.at = {}, .problems = {}};
    EXPECT_EQ(status_line({}, {}, configuration), "0 pending, upstream up, 0/s") << "all of it is in force";
    configuration.last_reload->needs_restart = "queue.path needs a restart";
    EXPECT_EQ(status_line({}, {}, configuration),
              "0 pending, upstream up, 0/s; queue.path needs a restart since the last reload");
    configuration.last_reload = configuration_state::reload{.at = {}, .problems = {"the first", "the second"}};
    EXPECT_EQ(status_line({}, {}, configuration), "0 pending, upstream up, 0/s; the last reload failed: the first");
}

}  // namespace
}  // namespace posthaste
