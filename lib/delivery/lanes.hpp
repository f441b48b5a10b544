// The scheduler's window: the pending events that are held in memory, each in the lane (FIFO) of its user.
//
// Rules:
// - One event of a lane is in flight at a time; while a lane's head waits for its retry the rest of the lane waits, and
//   nobody else does. Ready lanes take turns (round-robin).
// - The window is bounded in events and in bytes of bodies, and so is each lane's part of it. What is beyond a lane's
//   part is *parked*: it stays on disk, and is fetched again when the lane runs low.
// - A lane is in the order of numbers, always: while some of a lane is parked or being fetched, whatever else arrives
//   of it is parked too, as it comes after those.
// - A lane that waits needs no more than its head here: where others want its room (make_room), the rest of it is
//   parked. Not before, as that costs writes, and an outage makes all lanes wait while nobody wants any room.
//
// Words: an event is *offered* by whoever reads the outbox in order; a *slot* is an event's place in the window, valid
// from the offer until finish(); a lane is *hungry* when it runs low and has parked events.
//
// Every step is O(1), or O(log n) in the waiting lanes. Pure; not thread-safe.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/config/settings.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct window_bounds {
    std::size_t events = 20'000;
    std::uint64_t bytes = 64 * MiB;  // of bodies; one that is larger than this alone has the window to itself
    std::size_t lane_events = 64;
    std::size_t lane_fetches = 16;  // at once; each may pass `bytes` by one body, so that no lane starves
};

// An event's place in the window.
using slot = std::uint32_t;

struct window_event {
    pending_event what;
    steady_time due{};                           // not to be sent before
    std::uint32_t uncounted = 0;                 // failed attempts that do not count towards dying
    std::optional<steady_time> failing_since{};  // history.first_failed_at on the monotonic clock
};

class lanes {
  public:
    enum class offered { taken, parked, no_room };

    // `longest_wait`: a next attempt that is read back from disk is at most so far away, whatever the wall clock did.
    lanes(window_bounds bounds, milliseconds longest_wait);

    // The next event in the order of numbers. When there is no room it is left untouched.
    offered offer(pending_event& arrived, instant now);

    // The next ready lane's head, which is in flight from now on; empty when no lane is ready.
    [[nodiscard]] std::optional<slot> start();
    // The event in flight is through (delivered or dead): its lane goes on.
    void finish(slot in_flight, instant now);
    // The event in flight goes again at `due`: its lane waits.
    void wait(slot in_flight, steady_time due);
    // Lanes whose wait is over become ready.
    void release(steady_time now);

    // The next hungry lane's request, with `below` as the end of what was offered; empty when there is none, or no
    // room.
    [[nodiscard]] std::optional<lane_request> next_refill(sequence below);
    // The answer to such a request. What finds no room after all is parked again.
    void refill(lane_page arrived, instant now);

    // Parks what lanes that wait hold beyond their heads, the longest waits first, until so much may be offered, or
    // nothing is left to park.
    void make_room(std::size_t events, std::uint64_t bytes);

    // What was parked since the last call, in order: to be given to the store before any later lane_request.
    [[nodiscard]] std::vector<parked_event> take_parked();

    [[nodiscard]] window_event& at(slot of) noexcept { return *places_[of].event; }
    [[nodiscard]] const window_event& at(slot of) const noexcept { return *places_[of].event; }
    [[nodiscard]] bool any_ready() const noexcept { return first_ready_ != nullptr; }
    [[nodiscard]] std::optional<steady_time> next_due() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t lane_count() const noexcept { return lanes_.size(); }
    // What may still be offered without meeting no_room.
    [[nodiscard]] std::size_t event_room() const noexcept;
    [[nodiscard]] std::uint64_t byte_room() const noexcept;

  private:
    struct lane;

    struct place {
        std::optional<window_event> event;  // empty while the place is free: it then holds no body's memory
        slot self = 0;
        lane* home = nullptr;
        place* next = nullptr;  // in the lane, or in the list of free places
    };

    enum class lane_state { empty, ready, in_flight, waiting };

    struct lane {
        std::string_view user_id;  // the key of this lane in lanes_
        place* head = nullptr;
        place* tail = nullptr;
        lane* next_ready = nullptr;
        std::size_t count = 0;
        std::size_t reserved = 0;  // places kept free for the refill under way
        sequence last_loaded = 0;  // what is parked comes after it
        std::uint64_t needs = 0;   // bytes of room without which the last refill was in vain
        lane_state state = lane_state::empty;
        bool parked = false;    // some of it may be parked, or is being fetched
        bool fetching = false;  // a refill is under way
        bool parked_while_fetching = false;
        bool hungry = false;  // is in hungry_
    };

    struct text_hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    [[nodiscard]] bool fits(std::uint64_t body_bytes) const noexcept;
    [[nodiscard]] window_event read_back(pending_event&& arrived, instant now) const;
    void append(lane& to, pending_event&& arrived, instant now);
    void park(lane& of, sequence number);
    void park_tail(lane& of);
    void release_place(place& freed);
    void go_on(lane& with, steady_time now);
    void make_wait(lane& which, steady_time due);
    void make_ready(lane& which);
    void note_hunger(lane& of);
    void forget_if_idle(lane& which);

    window_bounds bounds_;
    milliseconds longest_wait_;
    std::deque<place> places_;
    place* free_ = nullptr;
    std::unordered_map<std::string, lane, text_hash, std::equal_to<>> lanes_;
    lane* first_ready_ = nullptr;
    lane* last_ready_ = nullptr;
    std::multimap<steady_time, lane*> waiting_;
    std::deque<lane*> hungry_;
    std::vector<parked_event> parked_;
    std::size_t size_ = 0;
    std::size_t reserved_ = 0;
    std::size_t fetches_ = 0;
    std::size_t surplus_ = 0;  // events of lanes that wait, beyond their heads
    std::uint64_t bytes_ = 0;
};

}  // namespace posthaste
