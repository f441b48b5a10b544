#include "lib/delivery/lanes.hpp"

#include <algorithm>
#include <utility>

#include "lib/base/require.hpp"

namespace posthaste {

lanes::lanes(window_bounds bounds, milliseconds longest_wait, ordering order)
    : bounds_(bounds), longest_wait_(longest_wait), order_(order) {}

void lanes::set_ordering(ordering order) {
    if (order == order_) return;
    order_ = order;
    lane* was_ready = std::exchange(first_ready_, nullptr);
    last_ready_ = nullptr;
    while (was_ready != nullptr) {  // those that still are keep their turns
        lane& each = *was_ready;
        was_ready = std::exchange(each.next_ready, nullptr);
        each.ready = false;
        go_on(each);
    }
    for (auto& [user_id, each] : lanes_) {
        each.squeezed = false;
        go_on(each);
        note_hunger(each);
    }
}

lanes::offered lanes::offer(pending_event& arrived, instant now) {
    now_ = std::max(now_, now.steady);
    const auto found = lanes_.find(std::string_view(arrived.what.user_id));
    if (found != lanes_.end()) {
        lane& known = found->second;
        const std::uint64_t bytes = arrived.what.body.size();
        const bool no_use = parks_without_room(known) && !fits(bytes);
        if (known.parked || has_its_part(known, bytes) || no_use) {
            if (!known.parked) known.needs = bytes;
            park(known, arrived.number);
            note_hunger(known);
            return offered::parked;
        }
    }
    if (!fits(arrived.what.body.size())) return offered::no_room;
    append(found == lanes_.end() ? lane_of(arrived.what.user_id) : found->second, std::move(arrived), now);
    return offered::taken;
}

std::optional<slot> lanes::start() {
    if (first_ready_ == nullptr) return std::nullopt;
    lane& next = *first_ready_;
    first_ready_ = std::exchange(next.next_ready, nullptr);
    if (first_ready_ == nullptr) last_ready_ = nullptr;
    next.ready = false;
    place& head = *next.queued.first;
    next.queued.remove(head);
    head.state = place_state::in_flight;
    ++next.in_flight;
    go_on(next);
    return head.self;
}

void lanes::pass_over(std::string_view user_id) noexcept {
    if (first_ready_ == last_ready_ || first_ready_->user_id != user_id) return;
    last_ready_->next_ready = first_ready_;
    last_ready_ = first_ready_;
    first_ready_ = std::exchange(last_ready_->next_ready, nullptr);
}

void lanes::finish(slot in_flight, instant now) {
    now_ = std::max(now_, now.steady);
    place& done = land(in_flight);
    lane& home = *done.home;
    if (done.parked) unparked_.push_back({std::string(home.user_id), done.event->what.number});
    release_place(done);
    home.squeezed = false;
    go_on(home);
    note_hunger(home);
    forget_if_idle(home);
}

void lanes::wait(slot in_flight, steady_time due) {
    place& failed = land(in_flight);
    failed.event->due = due;
    make_wait(failed);
    go_on(*failed.home);
    if (order_ == ordering::none) note_hunger(*failed.home);
}

void lanes::put_back(slot in_flight, turn among_lanes) {
    place& unsent = land(in_flight);
    lane& home = *unsent.home;
    queue(unsent);
    let_early_wait(home);
    if (among_lanes == turn::next && can_start(home) && !home.ready) {
        home.ready = true;
        home.next_ready = std::exchange(first_ready_, &home);
        if (last_ready_ == nullptr) last_ready_ = &home;
    }
    go_on(home);
}

void lanes::release(steady_time now) {
    now_ = std::max(now_, now);
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        place& over = places_[waiting_.begin()->second];
        waiting_.erase(waiting_.begin());
        lane& home = *over.home;
        home.waiting.remove(over);
        queue(over);
        home.squeezed = false;
        go_on(home);
        if (order_ == ordering::none) note_hunger(home);
    }
}

void lanes::adopt(const std::string& user_id) {
    lane& found = lane_of(user_id);
    set_parked(found, true);
    note_hunger(found);
}

std::optional<lane_request> lanes::next_refill(sequence below) {
    // The bodies that will come are taken to be as large as those that are here.
    const std::uint64_t usual_body = std::max<std::uint64_t>(size_ == 0 ? 0 : bytes_ / size_, 1);
    while (!hungry_.empty() && fetches_ < bounds_.lane_fetches && event_room() > 0 && byte_room() > 0) {
        lane& next = *hungry_.front();
        hungry_.pop_front();
        next.hungry = false;
        // Left out for now: its next finish() looks again.
        const std::size_t count = part_taken(next);
        const std::uint64_t bytes = std::min(byte_room(), byte_room(next));
        if (rests(next) || count >= bounds_.lane_events || (next.count() > 0 && next.needs > bytes)) continue;
        const auto bodies = std::max<std::uint64_t>(bytes / usual_body, 1);
        const std::size_t share = std::max<std::size_t>(event_room() / (hungry_.size() + 1), 1);  // no turn is skipped
        next.reserved = std::min({bounds_.lane_events - count, share, static_cast<std::size_t>(bodies)});
        next.fetching = true;
        next.parked_while_fetching = false;
        reserved_ += next.reserved;
        ++fetches_;
        return lane_request{std::string(next.user_id), next.last_loaded, below, next.reserved};
    }
    return std::nullopt;
}

void lanes::refill(lane_page arrived, instant now) {
    now_ = std::max(now_, now.steady);
    const auto found = lanes_.find(std::string_view(arrived.user_id));
    REQUIRE(found != lanes_.end() && found->second.fetching, "a refill answers a request");
    lane& home = found->second;
    --fetches_;
    reserved_ -= std::exchange(home.reserved, 0);
    home.fetching = false;
    set_parked(home, arrived.more || home.parked_while_fetching);
    home.needs = 0;

    bool full = false;
    for (pending_event& event : arrived.events) {
        // A lane with nothing in the window is always given one event: else a few large bodies could starve it.
        if (!full && home.count() > 0) {
            full = has_its_part(home, event.what.body.size()) || !fits(event.what.body.size());
            if (full) home.needs = event.what.body.size();
        }
        if (full) break;
        append(home, std::move(event), now).parked = true;
    }
    if (full) leave_parked(home);
    note_hunger(home);
    forget_if_idle(home);
}

void lanes::park_window() {
    for (place& each : places_) {
        if (each.state == place_state::free || std::exchange(each.parked, true)) continue;
        parked_.push_back({std::string(each.home->user_id), each.event->what.number});
    }
}

std::vector<parked_event> lanes::take_parked() {
    return std::exchange(parked_, {});
}

std::vector<parked_event> lanes::take_unparked() {
    return std::exchange(unparked_, {});
}

std::optional<steady_time> lanes::next_due() const noexcept {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
}

bool lanes::parks_without_room(std::string_view user_id) const {
    const auto found = lanes_.find(user_id);
    return found != lanes_.end() && parks_without_room(found->second);
}

std::size_t lanes::lane_size(std::string_view user_id) const {
    const auto found = lanes_.find(user_id);
    return found == lanes_.end() ? 0 : found->second.count();
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

bool lanes::can_start(const lane& which) const noexcept {
    return which.queued.count > 0 && (order_ == ordering::none || which.in_flight + which.waiting.count == 0);
}

// Whoever can start nothing more leaves the room to those who could.
bool lanes::parks_without_room(const lane& which) const noexcept {
    return !can_start(which);
}

lanes::lane& lanes::lane_of(std::string_view user_id) {
    const auto found = lanes_.try_emplace(std::string(user_id)).first;
    found->second.user_id = found->first;
    return found->second;
}

lanes::place& lanes::append(lane& to, pending_event&& arrived, instant now) {
    REQUIRE(arrived.number > to.last_loaded, "a lane is filled in the order of numbers");
    to.last_loaded = arrived.number;
    if (free_ == nullptr) {
        free_ = &places_.emplace_back();
        free_->self = static_cast<slot>(places_.size() - 1);
    }
    place& taken = *free_;
    free_ = std::exchange(taken.next, nullptr);
    bytes_ += arrived.what.body.size();
    to.bytes += arrived.what.body.size();
    ++size_;
    taken.event.emplace(read_back(std::move(arrived), now));
    taken.home = &to;
    queue(taken);
    go_on(to);
    return taken;
}

void lanes::park(lane& of, sequence number) {
    parked_.push_back({std::string(of.user_id), number});
    leave_parked(of);
}

void lanes::set_parked(lane& of, bool parked) noexcept {
    parked_lanes_ += parked ? 1 : 0;
    parked_lanes_ -= std::exchange(of.parked, parked) ? 1 : 0;
}

void lanes::leave_parked(lane& of) {
    set_parked(of, true);
    of.parked_while_fetching = of.fetching;
}

lanes::place& lanes::land(slot in_flight) {
    place& landed = places_[in_flight];
    REQUIRE(landed.state == place_state::in_flight, "an attempt ends once, and only an event in flight has one");
    --landed.home->in_flight;
    return landed;
}

void lanes::queue(place& one) {
    one.state = place_state::queued;
    one.home->queued.insert(one);
}

void lanes::make_wait(place& one) {
    one.state = place_state::waiting;
    one.home->waiting.insert(one);
    waiting_.emplace(one.event->due, one.self);
}

void lanes::release_place(place& freed) {
    bytes_ -= freed.event->what.what.body.size();
    freed.home->bytes -= freed.event->what.what.body.size();
    --size_;
    freed.event.reset();
    freed.state = place_state::free;
    freed.parked = false;
    freed.home = nullptr;
    freed.next = std::exchange(free_, &freed);
}

void lanes::let_early_wait(lane& of) {
    while (can_start(of) && of.queued.first->event->due > now_) {
        place& early = *of.queued.first;
        of.queued.remove(early);
        make_wait(early);
    }
}

// What a change of the lane leads to: its first event waits if it is not due, or has its turn with the other lanes'.
void lanes::go_on(lane& with) {
    let_early_wait(with);
    if (can_start(with) && !with.ready) {
        with.ready = true;
        (last_ready_ == nullptr ? first_ready_ : last_ready_->next_ready) = &with;
        last_ready_ = &with;
    }
    surplus_ -= with.surplus;
    with.surplus = surplus_of(with);
    surplus_ += with.surplus;
}

void lanes::note_hunger(lane& of) {
    if (!of.parked || of.fetching || of.hungry || rests(of)) return;
    if (part_taken(of) > bounds_.lane_events / 2) return;
    of.hungry = true;
    hungry_.push_back(&of);
}

void lanes::forget_if_idle(lane& which) {
    if (which.count() > 0 || which.parked) return;
    REQUIRE(!which.hungry && !which.ready, "a hungry lane has parked events, a ready one has others");
    lanes_.erase(lanes_.find(which.user_id));
}

// Nearly always at one of the ends; a list is no longer than a lane's part of the window.
void lanes::place_list::insert(place& one) noexcept {
    const sequence number = one.event->what.number;
    place* before = last;
    if (first != nullptr && number < first->event->what.number) before = nullptr;
    while (before != nullptr && before->event->what.number > number)
        before = before->previous;
    one.previous = before;
    one.next = before == nullptr ? first : before->next;
    (one.next == nullptr ? last : one.next->previous) = &one;
    (before == nullptr ? first : before->next) = &one;
    ++count;
}

void lanes::place_list::remove(place& one) noexcept {
    (one.previous == nullptr ? first : one.previous->next) = one.next;
    (one.next == nullptr ? last : one.next->previous) = one.previous;
    one.previous = one.next = nullptr;
    --count;
}

}  // namespace posthaste
