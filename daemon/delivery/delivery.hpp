// The delivery thread's shell: obeys lib/delivery's machine, runs the attempts over the upstream's connections and
// tells the store what became of each event.
//
// Belongs to the delivery io_context's thread, but for what is said to come from any.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "daemon/store/store.hpp"
#include "lib/config/settings.hpp"
#include "lib/delivery/settlement_watch.hpp"
#include "lib/delivery/upstream_report.hpp"
#include "lib/identity/identity_rules.hpp"
#include "lib/metrics/event_labels.hpp"
#include "lib/metrics/rate_history.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

using delivery_status = upstream_report;

struct upstream_peer;
struct delivery_metrics;

// What a reload may change: made on any thread, handed over whole.
struct delivery_plan {
    upstream_settings upstream;
    delivery_settings rules;
    std::shared_ptr<const upstream_peer> peer;  // what the connections share; open() makes the first one
};

struct delivery_options {
    delivery_plan plan;
    std::function<instant()> now;
    std::function<std::uint64_t()> random;               // called on the delivery thread only
    std::function<void(watched_end)> tell_watcher = {};  // called on the delivery thread
    event_names events = {};                             // the metrics tell these apart
};

class delivery final : public commit_listener {
  public:
    // `io` is the delivery thread's; the store must outlive this.
    delivery(boost::asio::io_context& io, delivery_options options, store& outbox);
    ~delivery() override;

    delivery(const delivery&) = delete;
    delivery& operator=(const delivery&) = delete;

    // Loads the certificates; on the calling thread, before the io_context runs.
    [[nodiscard]] result<void, start_failure> open();
    // Begins to fetch and send. `left`: by the run before, which left so many `pending` events too.
    void start(upstream_memory left, std::size_t pending);
    // Starts no further attempt; those in flight get up to `grace`; `done` runs once all are settled or given up.
    void stop(milliseconds grace, std::function<void()> done);

    void appended(std::vector<pending_event> events, sequence last) override;
    void settled(std::size_t count) override;
    void stuck() override;

    // Reads the certificates; any thread.
    [[nodiscard]] static result<delivery_plan, start_failure> prepare(const settings& all);

    // The rest from any thread; replies run on the delivery thread.

    // From the next attempt on; those in flight end as they began. Where probes go out, one is due now.
    void reconfigure(delivery_plan plan);
    // The set-up may be right now: where probes go out, one is due.
    void probe_now();
    // Stops the sending, and ends any pause. `reply`: once that is durable; or with false where the disk is full: it is
    // done, and written once there is room.
    void pause(std::function<void(bool)> reply);
    void resume(std::function<void(bool)> reply);
    void status(std::function<void(delivery_status)> reply);
    // What was delivered in the last 15 minutes.
    void history(std::function<void(const rate_history&)> reply);
    // The event need not wait for its next attempt. `reply`: once that is on its way to the store.
    void retry(sequence number, std::function<void()> reply);
    // Removes pending events (numbers in ascending order), but for those in flight, of which `reply` tells how many
    // they are; the removal is then on its way to the store.
    void withdraw(std::vector<sequence> numbers, std::function<void(std::size_t in_flight)> reply);
    void measure(std::function<void(delivery_metrics)> reply);
    // Other events that the metrics tell apart.
    void name_events(event_names events);
    // That watcher does not wait for its event any more.
    void forget_watch(std::uint64_t watch);
    // Asks the upstream for a user, where it is up.
    void look_up(user_lookup what, std::function<void(lookup_outcome)> reply);

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace posthaste
