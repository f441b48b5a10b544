// What the tests of delivery share: events, a virtual clock, and the machine's actions taken apart.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/delivery/delivery_machine.hpp"

namespace posthaste::testing {

inline pending_event event_of(const std::string& user, sequence number, std::size_t body_bytes = 10) {
    pending_event made;
    made.number = number;
    made.id = make_event_id(wall_time{}, number, number);
    made.what.name = "Ticket Created";
    made.what.user_id = user;
    made.what.path = "/run/event";
    made.what.body = std::string(body_bytes, 'x');
    return made;
}

// Both clocks, moved by hand; the wall clock can be made to jump.
class virtual_clock {
  public:
    [[nodiscard]] instant now() const { return now_; }
    void advance(milliseconds by) {
        now_.wall += by;
        now_.steady += by;
    }
    void jump_wall(milliseconds by) { now_.wall += by; }

  private:
    instant now_{wall_time{std::chrono::hours{24 * 365}}, steady_time{std::chrono::hours{24 * 30}}};
};

template <class Action>
std::vector<Action> only(const std::vector<action>& actions) {
    std::vector<Action> found;
    for (const action& each : actions)
        if (const auto* wanted = std::get_if<Action>(&each)) found.push_back(*wanted);
    return found;
}

}  // namespace posthaste::testing
