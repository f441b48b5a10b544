// The scheduler's window: the pending events that are held in memory, each in the lane of its user.
//
// Rules:
// - A lane holds what can be started in the order of numbers; an event in flight, or one that waits for its retry,
//   stands outside of it and comes back to its place in that order. Ready lanes take turns (round-robin).
// - `per_user`: a lane is ready while none of its events is in flight or waits. So one event of a lane is in flight at
//   a time; while a lane's head waits the rest of the lane waits, and nobody else does. `none`: no event waits for
//   another.
// - The window is bounded in events and in bytes of bodies, and so is each lane's part of it. What is beyond a lane's
//   part is *parked*: it stays on disk, where the outbox keeps a row that finds it, and is fetched again when the lane
//   runs low. The row stays until the event is through, so that a crash loses no way to it.
// - In `none` what waits counts for nothing in its lane's part, up to sixteen such parts and while half of the window
// is
//   free: the others of the lane do not wait for it.
// - Of a lane that can start nothing more for now, what finds no room is parked as well, so that others behind it are
//   read.
// - A lane is filled in the order of numbers, always: while some of a lane is parked or being fetched, whatever else
//   arrives of it is parked too, as it comes after those.
// - A lane of which nothing can be started needs no more than its first event here: where others want its room
//   (make_room), the rest of it is parked. Not before, as that costs writes, and an outage makes all lanes wait while
//   nobody wants any room. (In `none` that rest is fetched again once the first is due: only in a window that is full
//   of events that failed does one of them wait for another.)
//
// Words: an event is *offered* by whoever reads the outbox in order; a *slot* is an event's place in the window, valid
// from the offer until finish(); a lane is *hungry* when it runs low and has parked events.
//
// Every step is O(1), or O(log n) in the waiting events, where what is bounded by `lane_events` counts as 1. Pure; not
// thread-safe.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/config/settings.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct window_bounds {
    std::size_t events = 20'000;
    std::uint64_t bytes = 64 * MiB;  // of bodies; one that is larger than this alone has the window to itself
    std::size_t lane_events = 64;
    std::uint64_t lane_bytes = 8 * MiB;  // or one body; in `none`, where many of a lane go at once, four times as much
    std::size_t lane_fetches = 16;       // at once; each may pass `bytes` by one body, so that no lane starves
};

// An event's place in the window.
using slot = std::uint32_t;

struct window_event {
    pending_event what;
    steady_time due{};                           // not to be sent before
    std::uint32_t uncounted = 0;                 // failed attempts that do not count towards dying
    std::optional<steady_time> failing_since{};  // history.first_failed_at on the monotonic clock
    bool needs_new_connection = false;           // for its next attempt
};

class lanes {
  public:
    enum class offered { taken, parked, no_room };

    // `longest_wait`: a next attempt that is read back from disk is at most so far away, whatever the wall clock did.
    lanes(window_bounds bounds, milliseconds longest_wait, ordering order = ordering::per_user);

    // From now on. Events that are in flight or wait already stay so: after a change to per_user a lane is in order
    // once those are through. O(events in the window), for a reload.
    void set_ordering(ordering order);
    // For what is read back from now on.
    void set_longest_wait(milliseconds longest_wait) noexcept { longest_wait_ = longest_wait; }

    // The next event in the order of numbers. When there is no room it is left untouched.
    offered offer(pending_event& arrived, instant now);

    // The next ready lane's first event, which is in flight from now on; empty when no lane is ready.
    [[nodiscard]] std::optional<slot> start();
    // Where that user's lane is the next, and others are ready, it goes behind them.
    void pass_over(std::string_view user_id) noexcept;
    // The event in flight is through (delivered or dead): its lane goes on.
    void finish(slot in_flight, instant now);
    // The event in flight goes again at `due`.
    void wait(slot in_flight, steady_time due);
    enum class turn { last, next };
    // The event in flight can go again at once, before the later ones of its lane: once all other ready lanes had their
    // turn, or before them.
    void put_back(slot in_flight, turn among_lanes = turn::last);
    // Events whose wait is over go back into their lanes.
    void release(steady_time now);
    // An event that waits need not do so any longer; empty when it does not, or is not here.
    [[nodiscard]] std::optional<slot> hasten(sequence number, instant now);
    // Takes out what is here of these (in ascending order) and not in flight; gives those that are in flight. O(events
    // in the window).
    [[nodiscard]] std::vector<sequence> withdraw(std::span<const sequence> numbers, instant now);

    // A lane that has parked events from before this run. Before anything is offered.
    void adopt(const std::string& user_id);

    // The next hungry lane's request, with `below` as the end of what was offered; empty when there is none, or no
    // room.
    [[nodiscard]] std::optional<lane_request> next_refill(sequence below);
    // The answer to such a request. What finds no room after all stays parked.
    void refill(lane_page arrived, instant now);

    // Parks what lanes that wait hold beyond their first events, the longest waits first, until so much may be
    // offered, or nothing is left to park.
    void make_room(std::size_t events, std::uint64_t bytes);

    // Parks what the window holds as well, where it is not parked yet, and keeps it: every event that was offered can
    // be found by its lane then. O(events in the window).
    void park_window();

    // What was parked since the last call: to be given to the store before any later lane_request.
    [[nodiscard]] std::vector<parked_event> take_parked();
    // What of the parked is through since the last call: to be given to the store after their settlements.
    [[nodiscard]] std::vector<parked_event> take_unparked();

    [[nodiscard]] window_event& at(slot of) noexcept { return *places_[of].event; }
    [[nodiscard]] const window_event& at(slot of) const noexcept { return *places_[of].event; }
    [[nodiscard]] bool any_ready() const noexcept { return first_ready_ != nullptr; }
    // A lane may run dry, as the window has no room for what is parked of it.
    [[nodiscard]] bool any_starving() const noexcept;
    // Of some lane there may be more on disk than in the window.
    [[nodiscard]] bool any_parked() const noexcept { return parked_lanes_ > 0; }
    [[nodiscard]] std::optional<steady_time> next_due() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t lane_count() const noexcept { return lanes_.size(); }
    // What is offered of that user and finds no room is parked.
    [[nodiscard]] bool parks_without_room(std::string_view user_id) const;
    // How many events of that user the window holds.
    [[nodiscard]] std::size_t lane_size(std::string_view user_id) const;
    // What may still be offered without meeting no_room.
    [[nodiscard]] std::size_t event_room() const noexcept;
    [[nodiscard]] std::uint64_t byte_room() const noexcept;

  private:
    struct lane;

    enum class place_state { free, queued, in_flight, waiting };

    struct place {
        std::optional<window_event> event;  // empty while the place is free: it then holds no body's memory
        slot self = 0;
        place_state state = place_state::free;
        bool parked = false;  // as well
        lane* home = nullptr;
        place* next = nullptr;  // in its list, or in the list of free places
        place* previous = nullptr;
    };

    // In the order of numbers.
    struct place_list {
        place* first = nullptr;
        place* last = nullptr;
        std::size_t count = 0;

        void insert(place& one) noexcept;
        void remove(place& one) noexcept;
    };

    struct lane {
        std::string_view user_id;  // the key of this lane in lanes_
        place_list queued;         // what can be started
        place_list waiting;        // what can be started once it is due
        lane* next_ready = nullptr;
        std::size_t in_flight = 0;
        std::uint64_t bytes = 0;   // of bodies
        std::size_t surplus = 0;   // what is not needed here while nothing of the lane can be started
        std::size_t reserved = 0;  // places kept free for the refill under way
        sequence last_loaded = 0;  // what is parked comes after it
        std::uint64_t needs = 0;   // bytes of room without which the last refill was in vain
        bool ready = false;        // is among the ready lanes
        bool parked = false;       // some of it may be parked, or is being fetched
        bool fetching = false;     // a refill is under way
        bool parked_while_fetching = false;
        bool hungry = false;    // is in hungry_
        bool squeezed = false;  // its surplus was parked to make room

        [[nodiscard]] std::size_t count() const noexcept { return queued.count + waiting.count + in_flight; }
    };

    struct text_hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    [[nodiscard]] bool fits(std::uint64_t body_bytes) const noexcept;
    [[nodiscard]] std::size_t part_taken(const lane& by) const noexcept;
    [[nodiscard]] std::uint64_t byte_room(const lane& of) const noexcept;
    [[nodiscard]] bool has_its_part(const lane& which, std::uint64_t body_bytes) const noexcept;
    [[nodiscard]] window_event read_back(pending_event&& arrived, instant now) const;
    [[nodiscard]] bool can_start(const lane& which) const noexcept;
    [[nodiscard]] bool parks_without_room(const lane& which) const noexcept;
    [[nodiscard]] bool rests(const lane& which) const noexcept;
    [[nodiscard]] std::size_t surplus_of(const lane& which) const noexcept;
    lane& lane_of(std::string_view user_id);
    place& append(lane& to, pending_event&& arrived, instant now);
    void park(lane& of, sequence number);
    void leave_parked(lane& of);
    void set_parked(lane& of, bool parked) noexcept;
    void park_surplus(lane& of);
    place& land(slot in_flight);
    void queue(place& one);
    void make_wait(place& one);
    void take_out(place& one);
    void leave_turns(lane& which);
    void release_place(place& freed);
    void let_early_wait(lane& of);
    void go_on(lane& with);
    void note_hunger(lane& of);
    void forget_if_idle(lane& which);

    window_bounds bounds_;
    milliseconds longest_wait_;
    ordering order_;
    steady_time now_{};  // the latest that was told
    std::deque<place> places_;
    place* free_ = nullptr;
    std::unordered_map<std::string, lane, text_hash, std::equal_to<>> lanes_;
    lane* first_ready_ = nullptr;
    lane* last_ready_ = nullptr;
    std::set<std::pair<steady_time, slot>> waiting_;
    std::size_t parked_lanes_ = 0;  // that have something parked
    std::deque<lane*> hungry_;
    std::vector<parked_event> parked_;
    std::vector<parked_event> unparked_;
    std::size_t size_ = 0;
    std::size_t reserved_ = 0;
    std::size_t fetches_ = 0;
    std::size_t surplus_ = 0;  // of all lanes
    std::uint64_t bytes_ = 0;
};

}  // namespace posthaste
