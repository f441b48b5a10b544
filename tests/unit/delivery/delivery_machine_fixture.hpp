// Drives one machine by hand, an occurrence at a time.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "lib/delivery/delivery_machine.hpp"
#include "tests/unit/delivery/support.hpp"

namespace posthaste::testing {

class delivery_machine_fixture : public ::testing::Test {
  protected:
    // A machine that has read an outbox without events to its end.
    void begin(delivery_rules rules = {}, upstream_memory left = {}) {
        machine.emplace(rules, [] { return std::uint64_t{0}; });
        EXPECT_EQ(only<fetch_parked_lanes>(resume(delivery_started{std::move(left)})).size(), 1u);
        EXPECT_EQ(
            only<fetch_page>(resume(parked_lanes_arrived{{.user_ids = {}, .mark = 0, .reached_end = true}})).size(),
            1u);
        EXPECT_TRUE(resume(page_arrived{{.events = {}, .damaged = {}, .last = 0, .reached_end = true}}).empty());
    }

    std::vector<action>& resume(occurrence happened) {
        auto& actions = machine->resume(clock.now(), std::move(happened));
        for (const auto& started : only<start_attempt>(actions))
            running.push_back(started);
        return actions;
    }

    std::vector<action>& commit(const std::string& user, sequence first, sequence last) {
        events_committed committed;
        for (sequence number = first; number <= last; ++number)
            committed.events.push_back(event_of(user, number));
        return resume(std::move(committed));
    }

    // Answers the attempt that was started last.
    std::vector<action>& answer(std::optional<int> status, std::string message = "why") {
        const auto place = running.at(running.size() - 1).place;
        running.pop_back();
        return resume(attempt_ended{place, {status, std::move(message)}});
    }

    // Lets the wait of the only event pass, and expects it to be sent again.
    void wait_for_retry() {
        const auto before = running.size();
        clock.advance(std::chrono::minutes{5});
        resume(time_came{});
        ASSERT_EQ(running.size(), before + 1);
    }

    sequence number_of(const start_attempt& started) { return machine->event(started.place).number; }

    virtual_clock clock;
    std::optional<delivery_machine> machine;
    std::vector<start_attempt> running;
};

}  // namespace posthaste::testing
