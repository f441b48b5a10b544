// What a person takes out of the window, or wants sent at once.

#include <algorithm>
#include <utility>

#include "lib/delivery/lanes.hpp"

namespace posthaste {

std::optional<slot> lanes::hasten(sequence number, instant now) {
    now_ = std::max(now_, now.steady);
    for (const auto& [due, where] : waiting_) {
        place& one = places_[where];
        if (one.event->what.number != number) continue;
        waiting_.erase({due, where});
        one.home->waiting.remove(one);
        one.event->due = now_;
        queue(one);
        one.home->squeezed = false;
        go_on(*one.home);
        note_hunger(*one.home);
        return one.self;
    }
    return std::nullopt;
}

std::vector<sequence> lanes::withdraw(std::span<const sequence> numbers, instant now) {
    now_ = std::max(now_, now.steady);
    std::vector<sequence> in_flight;
    for (place& each : places_) {
        if (each.state == place_state::free || !std::ranges::binary_search(numbers, each.event->what.number)) continue;
        if (each.state == place_state::in_flight)
            in_flight.push_back(each.event->what.number);
        else
            take_out(each);
    }
    return in_flight;
}

void lanes::take_out(place& one) {
    lane& home = *one.home;
    if (one.state == place_state::waiting) {
        waiting_.erase({one.event->due, one.self});
        home.waiting.remove(one);
    } else {
        home.queued.remove(one);
    }
    if (one.parked) unparked_.push_back({std::string(home.user_id), one.event->what.number});
    release_place(one);
    home.squeezed = false;
    go_on(home);
    if (home.ready && !can_start(home)) leave_turns(home);  // what came behind it may not be due
    note_hunger(home);
    forget_if_idle(home);
}

void lanes::leave_turns(lane& which) {
    lane** link = &first_ready_;
    lane* before = nullptr;
    for (; *link != &which; link = &(*link)->next_ready)
        before = *link;
    *link = std::exchange(which.next_ready, nullptr);
    if (last_ready_ == &which) last_ready_ = before;
    which.ready = false;
}

}  // namespace posthaste
