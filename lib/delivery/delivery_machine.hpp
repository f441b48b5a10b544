// The decisions of delivery, without any I/O: which event is sent when, and what becomes of it.
//
// resume(now, what happened) → what to do next. The caller (daemon/delivery) obeys the actions in their order and comes
// back with what came of them; time and random numbers are handed in, so that every run can be replayed from a seed.
//
// Where events come from: a *cursor* walks the outbox in the order of numbers. While it has reached the end, newly
// committed events are taken straight from the commit (no read back); else they are left on disk and paged in when
// the window has room. lib/delivery/lanes.hpp holds the window and keeps the order of each lane, and parks what is too
// much of one.
//
// Over a restart: up to the *mark* every pending event is parked. A run first asks for the lanes that have such events,
// which it sends from at once, and then starts its cursor at the mark. Now and then the mark is brought up to the
// cursor: the window is parked as well, and so the next run has no backlog to walk through. Only where events were
// parked since, and at least `mark_interval` were passed: an upstream that keeps up costs no such write.
//
// What an attempt leads to: lib/delivery/verdict.hpp, lib/delivery/backoff.hpp; what may be sent at all, and how much
// at once: lib/delivery/upstream_health.hpp. An event dies of age only right after a counted attempt of its own failed;
// what a hold or a pause is to blame for is never counted.
//
// While the upstream is not up, and there are lanes enough to probe it with, the cursor stands still: whatever it would
// bring in could not be sent either, and what has no room would have to be parked.
//
// Each attempt remembers whether the URL and the key were changed since it began (rules_changed): a 401 or 403 for a
// key that was replaced is tried again at once, and a delivery with it says nothing of the new one.
//
// Settling is not waited for: a lane's next event goes at once. But while more than `unconfirmed_settlements` are not
// yet on stable storage nothing new is sent, so that a store that cannot write does not lead to sending over and over;
// nor from when it says that it cannot (settlements_stuck) until it has written some.
//
// Not thread-safe: belongs to one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/config/settings.hpp"
#include "lib/delivery/lanes.hpp"
#include "lib/delivery/upstream_health.hpp"
#include "lib/delivery/verdict.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct delivery_rules {
    posthaste::ordering ordering = posthaste::ordering::per_user;
    retry_settings retry;
    health_rules health;
    std::map<int, verdict> statuses;  // delivery.statuses
    std::string target;               // tells one pair of URL and key from another: a hash of them
    std::size_t unconfirmed_settlements = 4'096;
    std::size_t expire_after_attempts = 8;  // an event has had at least so many before it dies of age
    std::size_t mark_interval = 32'768;     // events that the cursor passes between two marks, at least
    window_bounds window;
};

// What happened.
struct delivery_started {
    upstream_memory left;  // by the run before
};
struct events_committed {  // only a hint: whoever misses it finds the events by paging
    std::vector<pending_event> events;
    sequence last = 0;  // that was committed, among `events` or not
};
struct page_arrived {
    page what;
};
struct lane_page_arrived {
    lane_page what;
};
struct parked_lanes_arrived {
    parked_lanes what;
};
struct attempt_ended {
    slot place = 0;
    attempt_outcome outcome;
};
// The connection had been kept from before, and was found closed before a byte of an answer came: the same attempt is
// to be made again, on a new one.
struct attempt_unsent {
    slot place = 0;
};
struct settlements_confirmed {
    std::size_t count = 0;
};
struct settlements_stuck {};  // the store cannot write them, as the disk is full; until the next that are confirmed
struct time_came {};          // a wake_at is due
struct rules_changed {        // by a reload; the window keeps its bounds
    delivery_rules rules;
};
struct probe_asked {};  // the set-up may be right now
struct pause_asked {};  // by a person; like resume_asked always followed by a remember_upstream
struct resume_asked {};
struct retry_asked {  // by a person, of an event that waits: it is due
    sequence number = 0;
};
struct withdrawal_asked {           // by a person, of pending events: followed by a report_withdrawal
    std::vector<sequence> numbers;  // in ascending order
};
struct delivery_stopping {};

using occurrence =
    std::variant<delivery_started, events_committed, page_arrived, lane_page_arrived, parked_lanes_arrived,
                 attempt_ended, attempt_unsent, settlements_confirmed, settlements_stuck, time_came, rules_changed,
                 probe_asked, pause_asked, resume_asked, retry_asked, withdrawal_asked, delivery_stopping>;

// What to do.
struct settle_event {
    settlement what;
};
struct park_events {
    std::vector<parked_event> events;
};
struct mark_parked {
    sequence through = 0;  // every pending event up to here is parked, once the parkings before this are written
};
struct unpark_events {
    std::vector<parked_event> events;  // which are settled
};
struct start_attempt {
    slot place = 0;             // event(place) stays where it is until the attempt has ended
    std::uint32_t retries = 0;  // attempts of this event that came before
    bool new_connection = false;
};
struct fetch_page {
    page_request what;
};
struct fetch_lane {
    lane_request what;
};
struct fetch_parked_lanes {
    parked_lanes_request what;
};
struct wake_at {  // replaces the one before
    steady_time when;
};
struct report_death {  // for the log
    uuid id{};         // empty (all zero) when the row is damaged
    std::string event_name{};
    sequence number = 0;
    death_reason reason = death_reason::rejected;
    std::uint32_t attempts = 0;
    std::optional<int> status{};
};

struct remember_upstream {  // durably; replaces what was remembered before
    upstream_memory what;
};
struct report_upstream {  // for the log: its state is another one
    upstream_report now;
};
struct report_withdrawal {  // after the settlements of what was withdrawn
    std::size_t withdrawn = 0;
    std::size_t in_flight = 0;  // which stay
};

using action =
    std::variant<settle_event, report_death, park_events, mark_parked, unpark_events, start_attempt, fetch_lane,
                 fetch_page, fetch_parked_lanes, wake_at, remember_upstream, report_upstream, report_withdrawal>;

class delivery_machine {
  public:
    // `random`: 64 random bits a call.
    delivery_machine(delivery_rules rules, std::function<std::uint64_t()> random);

    // The actions stay valid, and may be moved from, until the next call.
    [[nodiscard]] std::vector<action>& resume(instant now, occurrence happened);

    [[nodiscard]] const pending_event& event(slot place) const noexcept { return lanes_.at(place).what; }
    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t unconfirmed() const noexcept { return unconfirmed_; }
    [[nodiscard]] const lanes& window() const noexcept { return lanes_; }
    [[nodiscard]] bool more_on_disk() const noexcept { return more_on_disk_; }
    // What the attempt that ended last made of its event.
    [[nodiscard]] verdict concluded() const noexcept { return concluded_; }
    // Whether it had been sent with another URL or key than the present ones: then it says nothing of these.
    [[nodiscard]] bool was_of_old_target() const noexcept { return was_of_old_target_; }
    // Whether it was the upstream that failed, the present one.
    [[nodiscard]] bool upstream_failed() const noexcept { return upstream_failed_; }
    // state, reason, since, next_probe_at, concurrency, in_flight.
    [[nodiscard]] upstream_report report(instant now) const;

  private:
    void on(instant now, delivery_started started);
    void on(instant now, events_committed committed);
    void on(instant now, page_arrived arrived);
    void on(instant now, lane_page_arrived arrived);
    void on(instant now, parked_lanes_arrived arrived);
    void on(instant now, attempt_ended ended);
    void on(instant now, attempt_unsent unsent);
    void on(instant now, settlements_confirmed confirmed);
    void on(instant now, settlements_stuck);
    void on(instant now, time_came);
    void on(instant now, rules_changed changed);
    void on(instant now, probe_asked);
    void on(instant now, pause_asked);
    void on(instant now, resume_asked);
    void on(instant now, retry_asked asked);
    void on(instant now, withdrawal_asked asked);
    void on(instant now, delivery_stopping);

    bool advance(std::vector<pending_event>& events, instant now);
    void bury(const std::vector<sequence>& damaged, sequence until, instant now);
    [[nodiscard]] bool is_superseded(slot place, const attempt_outcome& outcome, verdict meaning) const noexcept;
    void conclude(slot place, attempt_outcome& outcome, verdict meaning, bool at_fault, instant now);
    void deliver(slot place, int status, instant now);
    void note_reached(slot place);
    void count_failure(slot place, verdict meaning, instant now);
    void die(slot place, death_reason reason, instant now);
    void retry_at(slot place, steady_time due, instant now);
    void retry_when_allowed(slot place, steady_time expected, instant now);
    void note_failure(slot place, steady_time due, instant now);
    [[nodiscard]] bool expired(const window_event& event, instant now) const noexcept;
    void settle(settlement what);

    [[nodiscard]] bool may_settle_more() const noexcept;
    void start_attempts(instant now);
    void start_one(slot place, instant now);
    [[nodiscard]] bool stands_still(instant now) const noexcept;
    void make_room(instant now);
    void keep_parkings();
    void fetch(instant now);
    void arm_wake(instant now);
    void tell_changes(instant now);

    // What is remembered of the attempt of a slot, while it runs.
    struct running {
        attempt_ticket ticket;
        std::uint32_t target = 0;  // targets_ at its start
    };

    delivery_rules rules_;
    std::function<std::uint64_t()> random_;
    lanes lanes_;
    upstream_health health_;
    std::vector<running> running_;  // by slot
    std::uint32_t targets_ = 0;     // how often the URL or the key were changed
    std::uint32_t probes_ = 0;      // since the last attempt that was none
    std::string last_tried_;        // the user whose event it was, in trouble
    upstream_memory memory_;        // what the store was told last, or is to be told
    bool to_remember_ = false;
    upstream_state told_state_ = upstream_state::up;  // of the last report_upstream
    std::uint32_t told_troubles_ = 0;
    std::vector<action> actions_;
    sequence cursor_ = 0;             // everything up to it was offered to the lanes
    sequence highest_committed_ = 0;  // that is known of
    bool more_on_disk_ = false;       // events beyond the cursor
    struct {
        std::string user_id{};
        std::uint64_t bytes = 0;
    } refused_;  // the next of them, which found no room
    bool fetching_ = false;
    bool finding_lanes_ = false;  // that an earlier run parked of: the cursor stands at the mark until then
    bool parked_since_mark_ = false;
    std::size_t passed_since_mark_ = 0;
    bool stopping_ = false;
    std::uint32_t in_flight_ = 0;
    std::size_t unconfirmed_ = 0;
    bool stuck_ = false;         // what was settled cannot be written
    std::uint64_t settled_ = 0;  // settlements in all
    // What was withdrawn and may still be in a page that was asked for before, with the count of settlements at which
    // it no longer can.
    std::unordered_map<sequence, std::uint64_t> withdrawn_;
    verdict concluded_ = verdict::retry;
    bool was_of_old_target_ = false;
    bool upstream_failed_ = false;
    std::optional<steady_time> armed_;
};

}  // namespace posthaste
