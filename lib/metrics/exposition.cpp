#include "lib/metrics/exposition.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "lib/metrics/queue_states.hpp"

namespace posthaste {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using families = std::vector<MetricFamily>;
using labels = std::vector<ClientMetric::Label>;

// One family, as it grows.
class family {
  public:
    family(MetricType type, std::string name, std::string help) {
        family_.type = type;
        family_.name = std::move(name);
        family_.help = std::move(help);
    }

    family& with(double value, labels of = {}) {
        ClientMetric& metric = family_.metric.emplace_back();
        metric.label = std::move(of);
        (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
        return *this;
    }

    family& with(std::uint64_t value, labels of = {}) { return with(static_cast<double>(value), std::move(of)); }

    family& with(const histogram& measured) {
        ClientMetric::Histogram& shown = family_.metric.emplace_back().histogram;
        shown.sample_sum = measured.sum();
        for (std::size_t at = 0; at < measured.bounds().size(); ++at) {
            shown.sample_count += measured.counts()[at];
            shown.bucket.push_back({shown.sample_count, measured.bounds()[at]});
        }
        shown.sample_count = measured.count();
        return *this;
    }

    family& with(const tally& counted, const std::string& label) {
        for (const auto& [value, times] : counted)
            with(times, {{label, value}});
        return *this;
    }

    // A family without any metric is none.
    void add_to(families& all) {
        if (!family_.metric.empty()) all.push_back(std::move(family_));
    }

  private:
    MetricFamily family_;
};

family counter(std::string name, std::string help) {
    return {MetricType::Counter, std::move(name), std::move(help)};
}

family gauge(std::string name, std::string help) {
    return {MetricType::Gauge, std::move(name), std::move(help)};
}

family histogram_of(std::string name, std::string help) {
    return {MetricType::Histogram, std::move(name), std::move(help)};
}

std::string to_text(verdict meaning) {
    switch (meaning) {
        case verdict::delivered:
            return "delivered";
        case verdict::retry:
            return "retry";
        case verdict::dead:
            return "dead";
        case verdict::pause:
            break;
    }
    return "pause";
}

void add_events(families& all, const metrics_facts& facts) {
    counter("posthaste_events_accepted_total", "Events that were acknowledged or imported.")
        .with(facts.store.accepted, "event")
        .add_to(all);
    counter("posthaste_events_rejected_total", "Refused POSTs to the event paths, by the problem's name.")
        .with(facts.accept.rejected, "reason")
        .add_to(all);
    counter("posthaste_events_delivered_total", "Events that the upstream took.")
        .with(facts.delivery.delivered, "event")
        .add_to(all);
    family dead = counter("posthaste_events_dead_total", "Events that were given up and are kept as dead.");
    for (const auto& [of, times] : facts.delivery.dead)
        dead.with(times, {{"event", of.first}, {"reason", std::string(to_string(of.second))}});
    dead.add_to(all);
    counter("posthaste_events_discarded_total", "Events that were removed by hand, over all runs.")
        .with(facts.totals.discarded)
        .add_to(all);
    counter("posthaste_events_purged_total", "Dead events that went by retention, over all runs.")
        .with(facts.totals.purged)
        .add_to(all);
    counter("posthaste_idempotency_keys_dropped_total",
            "Idempotency keys that went before their 24 hours, as there were too many, over all runs.")
        .with(facts.totals.keys_dropped)
        .add_to(all);
}

void add_attempts(families& all, const metrics_facts& facts) {
    family attempts = counter("posthaste_delivery_attempts_total",
                              "Requests to the upstream, by what became of the event and the answer's status.");
    for (const auto& [how, times] : facts.delivery.attempts)
        attempts.with(times, {{"outcome", to_text(how.first)},
                              {"status", how.second ? std::to_string(*how.second) : std::string()}});
    attempts.add_to(all);
}

double age_of_oldest(const metrics_facts& facts) {
    if (!facts.oldest_pending) return 0;
    const std::chrono::duration<double> age = facts.now - *facts.oldest_pending;
    return std::max(age.count(), 0.0);
}

void add_queue(families& all, const metrics_facts& facts) {
    const queue_states states =
        divide(facts.totals.pending, facts.totals.retrying, facts.upstream.in_flight, facts.delivery.retries_in_flight);
    gauge("posthaste_queue_events", "Events in the queue; all but the dead ones are pending.")
        .with(states.waiting, {{"state", "waiting"}})
        .with(states.in_flight, {{"state", "in_flight"}})
        .with(states.retrying, {{"state", "retrying"}})
        .with(facts.totals.dead, {{"state", "dead"}})
        .add_to(all);
    gauge("posthaste_queue_bytes", "Bytes of pending and dead events, idempotency keys and what is kept of users.")
        .with(facts.totals.bytes)
        .add_to(all);
    gauge("posthaste_queue_capacity_bytes", "Bytes at which the queue is full (queue.max_bytes).")
        .with(facts.max_bytes)
        .add_to(all);
    gauge("posthaste_queue_oldest_event_age_seconds", "Age of the oldest pending event; 0 when none is pending.")
        .with(age_of_oldest(facts))
        .add_to(all);
    gauge("posthaste_wal_bytes", "Size of the outbox's write-ahead log.").with(facts.store.wal_bytes).add_to(all);
    if (facts.store.disk_free_bytes)
        gauge("posthaste_disk_free_bytes", "Free space on the disk of the outbox.")
            .with(*facts.store.disk_free_bytes)
            .add_to(all);
}

void add_times(families& all, const metrics_facts& facts) {
    histogram_of("posthaste_accept_duration_seconds",
                 "From a request's last byte to its 202, without those that wait for delivery.")
        .with(facts.accept.durations)
        .add_to(all);
    histogram_of("posthaste_commit_duration_seconds", "Time of one group commit, its fsync included.")
        .with(facts.store.commit_durations)
        .add_to(all);
    histogram_of("posthaste_commit_events", "Events stored and outcomes recorded by one group commit.")
        .with(facts.store.commit_events)
        .add_to(all);
    histogram_of("posthaste_delivery_duration_seconds", "Time of one attempt, from its start to the whole answer.")
        .with(facts.delivery.attempt_durations)
        .add_to(all);
    histogram_of("posthaste_end_to_end_latency_seconds", "From the acknowledgement of an event to its delivery.")
        .with(facts.delivery.latencies)
        .add_to(all);
}

void add_upstream(families& all, const metrics_facts& facts) {
    family state = gauge("posthaste_upstream_state", "1 for the state that the upstream is in.");
    for (const char* const each : {"up", "open", "paused", "held"})
        state.with(facts.upstream.state == each ? 1.0 : 0.0, {{"state", each}});
    state.add_to(all);
    gauge("posthaste_upstream_concurrency_limit", "Attempts that may run at once at present.")
        .with(static_cast<double>(facts.upstream.concurrency))
        .add_to(all);
    gauge("posthaste_upstream_connections", "Open connections to the upstream.")
        .with(static_cast<double>(facts.delivery.connections))
        .add_to(all);
}

void add_known(families& all, family of, std::optional<double> value) {
    if (value) of.with(*value).add_to(all);
}

void add_process(families& all, const process_facts& facts) {
    add_known(all, counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds."),
              facts.cpu_seconds);
    add_known(all, gauge("process_resident_memory_bytes", "Resident memory size in bytes."), facts.resident_bytes);
    add_known(all, gauge("process_virtual_memory_bytes", "Virtual memory size in bytes."), facts.virtual_bytes);
    add_known(all, gauge("process_open_fds", "Number of open file descriptors."), facts.open_files);
    add_known(all, gauge("process_max_fds", "Maximum number of open file descriptors."), facts.most_files);
    add_known(all, gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds."),
              facts.start_time_seconds);
}

}  // namespace

std::string exposition(const metrics_facts& facts) {
    families all;
    gauge("posthaste_build_info", "1; the version is a label.").with(1.0, {{"version", POSTHASTE_VERSION}}).add_to(all);
    add_events(all, facts);
    add_attempts(all, facts);
    add_queue(all, facts);
    add_times(all, facts);
    add_upstream(all, facts);
    gauge("posthaste_config_last_reload_success", "Whether the last reload succeeded; 1 before any.")
        .with(facts.configuration_is_fine ? 1.0 : 0.0)
        .add_to(all);
    add_process(all, facts.process);
    return prometheus::TextSerializer().Serialize(all);
}

}  // namespace posthaste
