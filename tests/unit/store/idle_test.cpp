// What the store does by itself while nobody asks it for anything.

#include <gmock/gmock.h>

#include "tests/system/support/patience.hpp"
#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/store/store_harness.hpp"

namespace posthaste {
namespace {

TEST(idle_store, drops_the_dead_whose_time_is_over) {
    constexpr int events = 250;  // more than two commits drop
    failing_disk disk;
    store_harness h(false);
    h.queue.keep_dead = seconds{60};
    h.open();
    h.append(std::vector<event>(events, ticket()));
    const int before = failing_disk::syncs;
    for (sequence number = 1; number <= events; ++number) {
        h.box->settle(dead(number, clocks().wall - seconds{120}));
    }
    h.run_until([&] { return h.listener.settlements == events; });
    EXPECT_TRUE(wait_until([&] { return failing_disk::syncs >= before + 3; })) << "a commit each";
    h.box.reset();
    const auto left = outbox::open(h.queue, clocks().wall);
    ASSERT_TRUE(left);
    EXPECT_EQ((*left)->totals().dead, 0U);
    EXPECT_EQ((*left)->totals().purged, std::uint64_t{events});
}

TEST(idle_store, gives_the_space_of_a_backlog_back) {
    constexpr std::size_t events = 5'000;
    store_harness h(false);
    h.queue.durability = durability::process;
    h.queue.keep_delivered = milliseconds{0};
    h.open();
    const auto size = [&] { return std::filesystem::file_size(h.queue.path); };
    std::uintmax_t full = 0;
    const auto deliver = [&](std::size_t many, std::size_t body_bytes) {
        h.append(std::vector<event>(many, ticket("1", std::string(body_bytes, 'x'))));
        full = size();
        const std::size_t all = h.listener.settlements + many;
        h.run_until([&] { return h.listener.events.size() == all; });
        for (std::size_t at = all - many; at < all; ++at) {
            h.box->settle(delivered(h.listener.events[at].number, clocks().wall));
        }
        h.run_until([&] { return h.listener.settlements == all; });
    };
    deliver(events, 10'000);
    ASSERT_GT(full, 40U * 1024 * 1024);
    EXPECT_TRUE(wait_until([&] { return size() <= full / 2; })) << size();
    EXPECT_GT(size(), 8U * 1024 * 1024) << "some room stays for the next one";
}

}  // namespace
}  // namespace posthaste
