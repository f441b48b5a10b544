// Restarts under load: what an app notices of them, with the listening sockets passed from one process to the next and
// without.

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/reserved_port.hpp"
#include "tests/system/support/socket_activator.hpp"
#include "tests/system/support/strict_apps.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::IsEmpty;

struct restart : testing::Test {
    using clock = strict_apps::clock;
    using trouble = strict_apps::trouble;

    // From the moment at which the daemon is told to stop to the one at which the next is known to be ready.
    struct span {
        clock::time_point from;
        clock::time_point until;

        [[nodiscard]] bool touches(const strict_apps::failure& what) const {
            return what.ended >= from && what.begun <= until;
        }
    };

    restart() { upstream.start(); }

    void start_and_restart_under_load(std::uint16_t port) {
        daemon.start();
        strict_apps apps(8, port);
        for (std::size_t turn = 1; turn <= 6; ++turn) {
            EXPECT_TRUE(wait_until([&] { return apps.taken() >= 200 * turn; }));
            const auto from = clock::now();
            daemon.restart();
            restarts.push_back({from, clock::now()});
        }
        const auto before = apps.taken();
        EXPECT_TRUE(wait_until([&] { return apps.taken() >= before + 200; }));
        apps.finish();
        failures = apps.failures();
        expect_all_delivered_once(apps.ids());
    }

    void expect_all_delivered_once(const std::set<std::string>& taken) {
        ASSERT_TRUE(daemon.wait_until_drained()) << daemon.log();
        std::set<std::string> arrived;
        for (const auto& request : upstream.requests())
            arrived.insert(request.field("Idempotency-Key"));
        EXPECT_EQ(arrived, taken);
        EXPECT_EQ(upstream.requests().size(), arrived.size()) << "an orderly stop repeats nothing";
    }

    [[nodiscard]] std::vector<std::string> failures_but(const std::vector<trouble>& expected) const {
        std::vector<std::string> unexpected;
        for (const auto& each : failures)
            if (std::find(expected.begin(), expected.end(), each.what) == expected.end())
                unexpected.push_back(each.text);
        return unexpected;
    }

    [[nodiscard]] std::vector<std::string> failures_outside_of_restarts() const {
        std::vector<std::string> outside;
        for (const auto& each : failures)
            if (std::none_of(restarts.begin(), restarts.end(), [&](const span& at) { return at.touches(each); }))
                outside.push_back(each.text);
        return outside;
    }

    // For who reads the report of the tests; how long it took is nothing that is asserted.
    void note_how_long_the_port_was_closed() const {
        std::chrono::milliseconds longest{0};
        for (const span& at : restarts) {
            clock::time_point first = at.until;
            clock::time_point last = at.from;
            for (const auto& each : failures) {
                if (each.what != trouble::refused || !at.touches(each)) continue;
                first = std::min(first, each.begun);
                last = std::max(last, each.ended);
            }
            longest = std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(last - first));
        }
        RecordProperty("port_closed_ms", std::to_string(longest.count()));
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
    std::vector<span> restarts;
    std::vector<strict_apps::failure> failures;
};

TEST_F(restart, is_noticed_by_no_app_where_the_sockets_are_passed_on) {
    socket_activator activator;
    const auto port = activator.listen_tcp();
    daemon.run_under(activator.wrapper());
    start_and_restart_under_load(port);
    EXPECT_THAT(failures_but({trouble::stopping}), IsEmpty());
    EXPECT_THAT(failures_outside_of_restarts(), IsEmpty());
}

TEST_F(restart, refuses_connections_while_the_port_is_closed_and_breaks_no_request) {
    const reserved_port port;
    daemon.configure({{"listen", {{"addresses", {"127.0.0.1:" + std::to_string(port.number())}}}}});
    start_and_restart_under_load(port.number());
    EXPECT_THAT(failures_but({trouble::stopping, trouble::refused}), IsEmpty());
    EXPECT_THAT(failures_outside_of_restarts(), IsEmpty());
    note_how_long_the_port_was_closed();
}

}  // namespace
}  // namespace posthaste
