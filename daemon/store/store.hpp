// The store thread: the only one that touches SQLite (README of lib/, "Threads").
//
// Every call below may come from any thread and returns at once; it is queued for the store thread, which takes
// everything that waits, commits once (group commit, no timer) and then answers all of it. Replies run on the thread
// that owns them: append replies on the accept io_context, delivery's replies on the delivery io_context, one post a
// batch. A failed write is final: every append, submission, import and change by hand that waits is answered
// `store_unavailable` (what only reads is not answered any more), and the process exits with 74 (65 for a damaged file)
// within a second, without closing the database; the delivery io_context is stopped first, so that nothing more is
// sent.
//
// The store knows nothing of HTTP or upstreams (rule 15).

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"
#include "lib/event/event.hpp"
#include "lib/metrics/event_labels.hpp"
#include "lib/outbox/by_hand.hpp"
#include "lib/outbox/identity_table.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class outbox;
struct store_report;

// Why an event was not taken.
enum class refusal { queue_full, disk_full, store_unavailable, shutting_down, busy, key_reused };

using append_reply = std::function<void(result<uuid, refusal>)>;
using submit_reply = std::function<void(result<receipt, refusal>)>;

// Where a checked event goes. The store is one; the benchmark's ceiling is another.
class event_sink {
  public:
    virtual ~event_sink() = default;

    // Takes the event; `reply` runs on the accept thread, once: after the commit that holds the event was fsynced, or
    // with the reason why it was not stored (store_unavailable: it may or may not be). Never from within this call.
    virtual void append(event what, append_reply reply) = 0;
    // The same for events that are stored together or not at all, and for those with an idempotency key.
    virtual void submit(submission what, submit_reply reply) = 0;
};

// What the store tells delivery, on the delivery io_context.
class commit_listener {
  public:
    virtual ~commit_listener() = default;

    // These events were committed, in the order of their numbers, and nothing beyond `last`. Only a hint: whoever
    // ignores it finds them by fetch, and so are those found that are not among `events` (imports).
    virtual void appended(std::vector<pending_event> events, sequence last) = 0;
    // So many settlements, in the order they were given, are on stable storage.
    virtual void settled(std::size_t count) = 0;
    // Settlements cannot be written, as the disk is full: until the next settled().
    virtual void stuck() = 0;
};

// A view of the store that is good enough for /v1/status and /readyz.
struct store_status {
    outbox_totals totals;
    std::optional<wall_time> oldest_pending;  // received_at of the oldest pending event
    bool queue_full = false;
    bool disk_full = false;
};

struct store_options {
    queue_settings queue;
    std::function<instant()> now;           // the clocks
    std::function<std::uint64_t()> random;  // called on the store thread only
    event_names events{};                   // the metrics tell these apart
};

class store final : public event_sink {
  public:
    store(store_options options, boost::asio::io_context& accept, boost::asio::io_context& delivery);
    ~store() override;

    store(const store&) = delete;
    store& operator=(const store&) = delete;

    // Locks, repairs and opens the outbox (lib/outbox/README.md, rule 10), on the calling thread. Nothing else may be
    // called before.
    [[nodiscard]] result<outbox_totals, start_failure> open();
    // Starts the store thread. `listener` must outlive stop(); null: nobody delivers.
    void start(commit_listener* listener);
    // From now on append answers shutting_down; what was taken before is still committed and answered.
    void refuse_appends();
    // Commits what waits, checkpoints, closes the database and joins the thread. What is settled, parked or asked for
    // afterwards is dropped.
    void stop();

    void append(event what, append_reply reply) override;
    void submit(submission what, submit_reply reply) override;

    // Delivery's calls; replies run on the delivery io_context. Reads see everything that was queued before them or is
    // committed with them, and are told after the appended() and settled() of that commit: a page that reached the end
    // is followed by appended() for whatever comes after it.
    void settle(settlement what);
    // Parkings are committed in the order they are given, and a mark never before those that came before it.
    void park(std::vector<parked_event> events);
    void mark_parked(sequence through);
    void unpark(std::vector<parked_event> settled);
    void fetch(page_request request, std::function<void(page)> reply);
    void fetch_lane(lane_request request, std::function<void(lane_page)> reply);
    void fetch_parked_lanes(parked_lanes_request request, std::function<void(parked_lanes)> reply);

    // What delivery has to know of the upstream after a restart; `reply`, which may be empty, runs once it is durable,
    // or with false where the disk is full: it is written once there is room.
    void remember(upstream_memory what, std::function<void(bool)> reply);
    // The same as it was found by open(): until start().
    [[nodiscard]] upstream_memory remembered() const;

    // Other bounds, times to keep, reserve and durability, from one of the next commits on. The path stays as it is.
    void reconfigure(queue_settings queue);
    // Other events that the metrics tell apart, the same way.
    void name_events(event_names events);

    // For people: replies run on the accept io_context.
    void status(std::function<void(store_status)> reply);
    void measure(std::function<void(store_report)> reply);
    void find(uuid id, std::function<void(std::optional<event_facts>)> reply);
    void list(list_request request, std::function<void(list_page)> reply);
    // What the upstream said of users (lib/identity).
    void find_identity(identity_key key, std::function<void(std::optional<kept_identity>)> reply);
    void change_identity(identity_change what);
    void export_slice(export_request request, std::function<void(export_page)> reply);
    void select(selection_request request, std::function<void(selection_page)> reply);
    // Makes a slice of the dead pending again, or removes it; what is told is durable.
    void by_hand(dead_request request, std::function<void(result<dead_report, refusal>)> reply);
    // Takes events of another outbox as new pending ones, ids and times as they are; all that is told is durable.
    void import(std::vector<pending_event> events, std::function<void(result<import_report, refusal>)> reply);

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace posthaste
