#include "lib/delivery/lanes.hpp"

#include <algorithm>
#include <utility>

#include "lib/base/require.hpp"

namespace posthaste {

lanes::lanes(window_bounds bounds, milliseconds longest_wait) : bounds_(bounds), longest_wait_(longest_wait) {}

lanes::offered lanes::offer(pending_event& arrived, instant now) {
    auto found = lanes_.find(std::string_view(arrived.what.user_id));
    if (found != lanes_.end()) {
        lane& known = found->second;
        if (known.parked || known.count >= bounds_.lane_events) {
            park(known, arrived.number);
            note_hunger(known);
            return offered::parked;
        }
    }
    if (!fits(arrived.what.body.size())) return offered::no_room;
    if (found == lanes_.end()) {
        found = lanes_.try_emplace(arrived.what.user_id).first;
        found->second.user_id = found->first;
    }
    append(found->second, std::move(arrived), now);
    return offered::taken;
}

std::optional<slot> lanes::start() {
    if (first_ready_ == nullptr) return std::nullopt;
    lane& next = *first_ready_;
    first_ready_ = std::exchange(next.next_ready, nullptr);
    if (first_ready_ == nullptr) last_ready_ = nullptr;
    next.state = lane_state::in_flight;
    return next.head->self;
}

void lanes::finish(slot in_flight, instant now) {
    place& done = places_[in_flight];
    lane& home = *done.home;
    REQUIRE(home.state == lane_state::in_flight && home.head == &done, "only the event in flight can be through");
    home.head = done.next;
    if (home.head == nullptr) home.tail = nullptr;
    --home.count;
    release_place(done);
    go_on(home, now.steady);
    note_hunger(home);
    forget_if_idle(home);
}

void lanes::wait(slot in_flight, steady_time due) {
    place& failed = places_[in_flight];
    lane& home = *failed.home;
    REQUIRE(home.state == lane_state::in_flight && home.head == &failed, "only the event in flight can have failed");
    failed.event->due = due;
    make_wait(home, due);
}

void lanes::release(steady_time now) {
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        lane& over = *waiting_.begin()->second;
        surplus_ -= over.count - 1;
        make_ready(over);
        waiting_.erase(waiting_.begin());
    }
}

std::optional<lane_request> lanes::next_refill(sequence below) {
    // The bodies that will come are taken to be as large as those that are here.
    const std::uint64_t usual_body = std::max<std::uint64_t>(size_ == 0 ? 0 : bytes_ / size_, 1);
    while (!hungry_.empty() && fetches_ < bounds_.lane_fetches && event_room() > 0 && byte_room() > 0) {
        lane& next = *hungry_.front();
        hungry_.pop_front();
        next.hungry = false;
        // Left out for now: its next finish() looks again.
        if (next.count >= bounds_.lane_events || (next.count > 0 && next.needs > byte_room())) continue;
        const auto bodies = std::max<std::uint64_t>(byte_room() / usual_body, 1);
        next.reserved = std::min({bounds_.lane_events - next.count, event_room(), static_cast<std::size_t>(bodies)});
        next.fetching = true;
        next.parked_while_fetching = false;
        reserved_ += next.reserved;
        ++fetches_;
        return lane_request{std::string(next.user_id), next.last_loaded, below, next.reserved};
    }
    return std::nullopt;
}

void lanes::refill(lane_page arrived, instant now) {
    const auto found = lanes_.find(std::string_view(arrived.user_id));
    REQUIRE(found != lanes_.end() && found->second.fetching, "a refill answers a request");
    lane& home = found->second;
    --fetches_;
    reserved_ -= std::exchange(home.reserved, 0);
    home.fetching = false;
    home.parked = arrived.more || home.parked_while_fetching;
    home.needs = 0;

    bool full = false;
    for (pending_event& event : arrived.events) {
        // A lane with nothing in the window is always given one event: else a few large bodies could starve it.
        if (!full && home.count > 0) {
            full = home.count >= bounds_.lane_events || !fits(event.what.body.size());
            if (full) home.needs = event.what.body.size();
        }
        if (full)
            park(home, event.number);
        else
            append(home, std::move(event), now);
    }
    note_hunger(home);
    forget_if_idle(home);
}

void lanes::make_room(std::size_t events, std::uint64_t bytes) {
    for (auto at = waiting_.rbegin(); at != waiting_.rend() && surplus_ > 0; ++at) {
        if (event_room() >= events && byte_room() >= bytes) return;
        lane& longest = *at->second;
        if (longest.count > 1 && !longest.fetching) park_tail(longest);
    }
}

std::vector<parked_event> lanes::take_parked() {
    return std::exchange(parked_, {});
}

std::optional<steady_time> lanes::next_due() const noexcept {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
}

std::size_t lanes::event_room() const noexcept {
    const std::size_t taken = size_ + reserved_;
    return taken >= bounds_.events ? 0 : bounds_.events - taken;
}

std::uint64_t lanes::byte_room() const noexcept {
    return bytes_ >= bounds_.bytes ? 0 : bounds_.bytes - bytes_;
}

bool lanes::fits(std::uint64_t body_bytes) const noexcept {
    return event_room() > 0 && (body_bytes <= byte_room() || size_ == 0);
}

window_event lanes::read_back(pending_event&& arrived, instant now) const {
    window_event event{.what = std::move(arrived)};
    if (const auto& history = event.what.history) {
        const auto wait = std::clamp(history->next_at - now.wall, milliseconds{0}, longest_wait_);
        event.due = now.steady + wait;
        if (history->first_failed_at)
            event.failing_since = now.steady - std::max(now.wall - *history->first_failed_at, milliseconds{0});
    }
    return event;
}

void lanes::append(lane& to, pending_event&& arrived, instant now) {
    REQUIRE(arrived.number > to.last_loaded, "a lane is in the order of numbers");
    to.last_loaded = arrived.number;
    if (free_ == nullptr) {
        free_ = &places_.emplace_back();
        free_->self = static_cast<slot>(places_.size() - 1);
    }
    place& taken = *free_;
    free_ = std::exchange(taken.next, nullptr);
    bytes_ += arrived.what.body.size();
    ++size_;
    taken.event.emplace(read_back(std::move(arrived), now));
    taken.home = &to;
    (to.tail == nullptr ? to.head : to.tail->next) = &taken;
    to.tail = &taken;
    ++to.count;
    if (to.state == lane_state::waiting) ++surplus_;
    if (to.state == lane_state::empty) go_on(to, now.steady);
}

void lanes::park(lane& of, sequence number) {
    parked_.push_back({std::string(of.user_id), number});
    of.parked = true;
    of.parked_while_fetching = of.fetching;
}

void lanes::park_tail(lane& of) {
    for (place* surplus = std::exchange(of.head->next, nullptr); surplus != nullptr;) {
        place* const next = surplus->next;
        park(of, surplus->event->what.number);
        release_place(*surplus);
        surplus = next;
    }
    of.tail = of.head;
    surplus_ -= std::exchange(of.count, 1) - 1;
    of.last_loaded = of.head->event->what.number;
}

void lanes::release_place(place& freed) {
    bytes_ -= freed.event->what.what.body.size();
    --size_;
    freed.event.reset();
    freed.home = nullptr;
    freed.next = std::exchange(free_, &freed);
}

void lanes::go_on(lane& with, steady_time now) {
    if (with.head == nullptr) {
        with.state = lane_state::empty;
    } else if (with.head->event->due > now) {
        make_wait(with, with.head->event->due);
    } else {
        make_ready(with);
    }
}

void lanes::make_wait(lane& which, steady_time due) {
    which.state = lane_state::waiting;
    waiting_.emplace(due, &which);
    surplus_ += which.count - 1;
}

void lanes::make_ready(lane& which) {
    which.state = lane_state::ready;
    (last_ready_ == nullptr ? first_ready_ : last_ready_->next_ready) = &which;
    last_ready_ = &which;
}

// A waiting lane needs no more events than its head; it is looked at again when that head is through.
void lanes::note_hunger(lane& of) {
    if (!of.parked || of.fetching || of.hungry || of.state == lane_state::waiting) return;
    if (of.count > bounds_.lane_events / 2) return;
    of.hungry = true;
    hungry_.push_back(&of);
}

void lanes::forget_if_idle(lane& which) {
    if (which.state != lane_state::empty || which.parked) return;
    REQUIRE(!which.hungry, "a hungry lane has parked events");
    lanes_.erase(lanes_.find(which.user_id));
}

}  // namespace posthaste
