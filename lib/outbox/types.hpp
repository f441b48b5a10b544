// The values that go in and out of the outbox.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/base/uuid.hpp"
#include "lib/event/event.hpp"

namespace posthaste {

// Why the last attempt of an event failed.
struct attempt_error {
    wall_time at;
    std::optional<int> status;  // empty: no answer came
    std::string message;        // safe to show; at most 1 KiB
};

// What only failures write: kept for events that failed at least once.
struct attempt_history {
    std::uint32_t attempts = 0;                // counted attempts that failed
    std::uint32_t conflicts_in_a_row = 0;      // answers 409, the last of them in a row
    wall_time next_at{};                       // when the next attempt is due
    std::optional<wall_time> first_failed_at;  // of the first counted failure: an event's age counts from here
    std::optional<attempt_error> last_error;
};

// A pending event as delivery needs it.
struct pending_event {
    sequence number = 0;
    uuid id;
    wall_time received_at;
    event what;
    std::optional<attempt_history> history;  // empty: never failed
    std::uint64_t watch = 0;  // who waits for its settlement (lib/delivery/settlement_watch.hpp); in memory only
};

// An Idempotency-Key and the request that it came with, as hashes: who sent it is in the first one.
struct idempotency {
    std::array<std::uint8_t, 16> key{};
    std::array<std::uint8_t, 16> request{};

    friend bool operator==(const idempotency&, const idempotency&) = default;
};

// Events that are stored together or not at all, in this order.
struct submission {
    std::vector<pending_event> events;  // number, id and time are given by the commit
    std::optional<idempotency> key;
};

// What stands for the events of a submission. Their ids follow each other (following_id).
struct receipt {
    uuid first;
    std::uint64_t events = 0;
    bool replayed = false;  // stored by an earlier request with the same key
};

enum class event_state { pending, delivered, dead };
enum class death_reason { rejected, expired, damaged };

[[nodiscard]] std::string_view to_string(event_state state) noexcept;
[[nodiscard]] std::string_view to_string(death_reason reason) noexcept;

// "ID (NAME)", as the log names an event; safe to show.
[[nodiscard]] std::string named(const uuid& id, std::string_view event_name);

// Everything kept of one event, for a person.
struct event_facts {
    sequence number = 0;  // as it is stored at present
    uuid id;
    std::string name;
    std::string user_id;
    event_state state = event_state::pending;
    wall_time received_at;
    std::uint32_t attempts = 0;
    std::optional<wall_time> next_attempt_at;
    std::optional<wall_time> delivered_at;
    std::optional<wall_time> dead_at;
    std::optional<death_reason> reason;
    std::optional<attempt_error> last_error;
    std::optional<int> response_status;
    std::optional<std::string> body;  // as posted; empty once delivered
};

// One of the events that are kept, as its table knows it.
struct kept_event {
    sequence number = 0;
    event_state state = event_state::pending;
    std::optional<event_facts> facts{};  // empty: what is stored of it is damaged
};

// What became of an event: written with the next commit.
struct settlement {
    enum class kind { delivered, failed, dead, discarded };

    kind what = kind::delivered;
    sequence number = 0;
    wall_time at;
    int status = 0;                                // delivered: the answer's status (kept as `response`)
    std::uint32_t attempts = 0;                    // delivered: all attempts, this one included
    attempt_history history;                       // failed, dead: as it stands after this attempt
    death_reason reason = death_reason::rejected;  // dead
};

// What delivery has to know of the upstream after a restart.
struct upstream_memory {
    enum class pause { none, by_hand, rejecting_everything };

    pause paused = pause::none;
    std::optional<wall_time> paused_at{};
    bool guard_armed = true;     // delivery.reject_guard may pause (again)
    std::string reached_with{};  // hash of the URL and key with which something was last delivered; empty: never

    friend bool operator==(const upstream_memory&, const upstream_memory&) = default;
};

// How much rows count against queue.max_bytes, and how many they are.
struct stored_weight {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
};

// Totals that are kept in each commit: accepted = delivered + pending + dead + discarded + purged, always.
struct outbox_totals {
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t dead = 0;
    std::uint64_t discarded = 0;
    std::uint64_t purged = 0;
    std::uint64_t pending = 0;
    std::uint64_t retrying = 0;        // pending events that failed at least once
    std::uint64_t bytes = 0;           // of pending and dead events, keys and identities: all that max_bytes bounds
    std::uint64_t keys_dropped = 0;    // idempotency keys that went before their 24 hours, as there were too many
    std::uint64_t identity_bytes = 0;  // of the bytes: what is kept of the upstream's answers for users

    friend bool operator==(const outbox_totals&, const outbox_totals&) = default;
};

// A pending event that can be found by (lane, number), without an index on the events themselves. It stays parked until
// it is settled. Up to the *mark* every pending event is parked; those beyond it may be.
struct parked_event {
    std::string user_id;
    sequence number = 0;
};

// The lanes that have parked events up to the mark, by user id: asked for at the start, a slice at a time.
struct parked_lanes_request {
    std::optional<std::string> after{};  // the last one of the slice before
    std::size_t max_lanes = 200;
};

struct parked_lanes {
    std::vector<std::string> user_ids;
    std::optional<std::string> last{};  // that was looked at
    sequence mark = 0;
    bool reached_end = false;
};

// A page of pending events in the order of commits: `after` < number. Parked events are in it like all others: the
// scheduler's cursor starts at the mark, only moves forward and meets each event beyond it once a run. What an earlier
// run had parked of those it meets is not parked any more.
struct page_request {
    sequence after = 0;
    std::size_t max_events = 500;
    std::size_t max_bytes = 4 * 1024 * 1024;  // of bodies; at least one event is given
};

struct page {
    std::vector<pending_event> events;
    std::vector<sequence> damaged;  // rows whose checksum or columns are wrong: they are to be buried, never sent
    sequence last = 0;              // the page covers (after, last]
    bool reached_end = false;       // no pending event is stored beyond `last`
};

// The next parked events of one lane, `after` < number < `below`. They stay parked. `below` is where the cursor stands,
// plus one: what lies beyond was parked by an earlier run and is met by the cursor.
struct lane_request {
    std::string user_id;
    sequence after = 0;
    sequence below = 0;
    std::size_t max_events = 64;
};

struct lane_page {
    std::string user_id;
    std::vector<pending_event> events;
    std::vector<sequence> damaged;
    bool more = false;  // further parked events of this lane are below `below`
};

// A page of what is kept, for a person: the newest first, by number. Of those looked at, the ones that fit are given.
struct list_request {
    std::optional<event_state> state{};  // empty: all
    std::string name{};                  // empty: any
    std::string user_id{};               // empty: any
    sequence before = max_sequence + 1;
    std::size_t limit = 50;
};

struct list_page {
    std::vector<event_facts> events;  // without their bodies
    sequence last = 0;                // everything from here up to `before` was looked at
    bool reached_end = false;         // nothing lies below `last`
};

// A page of what has a body, to be carried elsewhere: the oldest first, by number.
struct export_request {
    std::optional<event_state> state{};  // pending or dead; empty: both
    sequence after = 0;
    std::size_t max_bytes = 64 * 1024;  // of bodies; the one that passes it is the last. Commits wait meanwhile
};

struct exported_event {
    event_state state = event_state::pending;
    uuid id;
    wall_time received_at;
    event what;
};

struct export_page {
    std::vector<exported_event> events;  // rows whose checksum or columns are wrong are left out
    std::size_t damaged = 0;             // so many
    sequence newest = 0;                 // the latest event of all, as of this page
    sequence last = 0;                   // everything after the request's `after` up to here was looked at
    bool reached_end = false;
};

// What became of a group of events from elsewhere.
struct import_report {
    std::size_t imported = 0;
    std::size_t known = 0;    // their ids were already here
    bool queue_full = false;  // the rest found no room
    bool disk_full = false;   // the same; nothing of the group was stored
};

}  // namespace posthaste
