// Drives the upstream's health by answers, one after the other.

#pragma once

#include <optional>

#include <gtest/gtest.h>

#include "lib/delivery/upstream_health.hpp"
#include "tests/unit/delivery/support.hpp"

namespace posthaste::testing {

// Answers one attempt after the other, as the machine would hand them on.
class upstream_health_fixture : public ::testing::Test {
  protected:
    [[nodiscard]] upstream_state state() const { return health.state(clock.now().steady); }
    [[nodiscard]] permit may_start(std::uint32_t in_flight = 0) const {
        return health.may_start(clock.now().steady, in_flight);
    }
    // Each time another event.
    attempt_ticket start() {
        ++started;
        return start(make_event_id(wall_time{}, started, started));
    }
    attempt_ticket start(const uuid& event) { return health.start(event, clock.now().steady); }

    void end(const attempt_ticket& ticket, const attempt_outcome& outcome) {
        const verdict meaning = judge(outcome.status, {.reached_before = reached}, {});
        health.ended(ticket, outcome, meaning, clock.now(), 0);
    }
    void answer(std::optional<int> status) { end(start(), {status, "why"}); }
    void answer(int status, milliseconds retry_after) { end(start(), {status, "why", retry_after}); }

    void fail_until_open() {
        for (int each = 0; each < 5; ++each)
            answer(std::nullopt);
    }

    // How long until something may be sent; negative: never by itself.
    [[nodiscard]] milliseconds wait() const {
        const auto next = health.next_permit(clock.now().steady, 0);
        return next ? std::chrono::duration_cast<milliseconds>(*next - clock.now().steady) : milliseconds{-1};
    }

    [[nodiscard]] upstream_report report() const {
        upstream_report made;
        health.describe(made, clock.now());
        return made;
    }

    // As the next run finds it.
    [[nodiscard]] upstream_health restarted() const {
        upstream_memory memory;
        (void)health.remember(memory);
        upstream_health next(rules);
        next.restore(memory, clock.now());
        return next;
    }

    virtual_clock clock;
    health_rules rules;
    upstream_health health{rules};
    bool reached = false;
    sequence started = 0;
};

}  // namespace posthaste::testing
