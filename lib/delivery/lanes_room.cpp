// How much room the window has, for all and for each lane, and how it is made.

#include <algorithm>
#include <utility>

#include "lib/delivery/lanes.hpp"

namespace posthaste {

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

// In events.
std::size_t lanes::part_taken(const lane& by) const noexcept {
    const bool crowded = size_ > bounds_.events / 2 || bytes_ > bounds_.bytes / 2;
    if (order_ == ordering::per_user || crowded) return by.count();
    return by.count() - std::min(by.waiting.count, 16 * bounds_.lane_events);
}

std::uint64_t lanes::byte_room(const lane& of) const noexcept {
    const std::uint64_t part = bounds_.lane_bytes * (order_ == ordering::none ? 4 : 1);
    return part - std::min(part, of.bytes);
}

bool lanes::has_its_part(const lane& which, std::uint64_t body_bytes) const noexcept {
    return part_taken(which) >= bounds_.lane_events || (which.count() > 0 && body_bytes > byte_room(which));
}

bool lanes::any_starving() const noexcept {
    return !hungry_.empty() && (event_room() == 0 || byte_room() == 0);
}

// Needs no more than what it has here, until something of it is due.
bool lanes::rests(const lane& which) const noexcept {
    return which.squeezed || (order_ == ordering::per_user && which.waiting.count > 0);
}

std::size_t lanes::surplus_of(const lane& which) const noexcept {
    if (which.waiting.count == 0 || which.in_flight > 0 || can_start(which)) return 0;
    return which.count() - 1;
}

void lanes::make_room(std::size_t events, std::uint64_t bytes) {
    for (auto at = waiting_.end(); at != waiting_.begin() && surplus_ > 0;) {
        if (event_room() >= events && byte_room() >= bytes) return;
        const auto longest = *--at;
        lane& home = *places_[longest.second].home;
        if (home.surplus == 0 || home.fetching) continue;
        park_surplus(home);
        at = waiting_.lower_bound(longest);  // others of that lane may be gone
    }
}

// Everything beyond the first event that waits: what is parked must come after what stays.
void lanes::park_surplus(lane& of) {
    const place& kept = *of.waiting.first;
    const sequence last_kept = kept.event->what.number;
    for (place_list* const list : {&of.queued, &of.waiting}) {
        for (place* each = list->first; each != nullptr;) {
            place& one = *std::exchange(each, each->next);
            if (one.event->what.number <= last_kept) continue;
            if (one.state == place_state::waiting) waiting_.erase({one.event->due, one.self});
            list->remove(one);
            if (!one.parked) park(of, one.event->what.number);
            leave_parked(of);
            release_place(one);
        }
    }
    of.last_loaded = last_kept;
    of.squeezed = true;
    go_on(of);
}

}  // namespace posthaste
