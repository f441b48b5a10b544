#include "daemon/server/status_handler.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "daemon/server/health_handler.hpp"
#include "daemon/server/optional_json.hpp"

namespace posthaste {

namespace {

using json = nlohmann::ordered_json;

double rounded(double rate) {
    return std::round(rate * 10) / 10;
}

json whole_seconds(double value) {
    return static_cast<std::uint64_t>(std::min(std::ceil(value), 1e15));
}

// How long the upstream could be away before the queue is full, if events keep coming as they do; null when none come.
json outage_capacity(const status_facts& facts) {
    if (facts.accepted_per_second <= 0) return nullptr;
    const outbox_totals& totals = facts.store.totals;
    const std::uint64_t events = totals.pending + totals.dead;
    double left = static_cast<double>(facts.max_events - std::min(facts.max_events, events));
    const std::uint64_t of_events = totals.bytes - std::min(totals.bytes, totals.identity_bytes);
    if (events > 0 && of_events > 0) {
        const double bytes_each = static_cast<double>(of_events) / static_cast<double>(events);
        left = std::min(left, static_cast<double>(facts.max_bytes - std::min(facts.max_bytes, of_events)) / bytes_each);
    }
    return whole_seconds(left / facts.accepted_per_second);
}

// When nothing is pending any more, at the present rates; null when it does not get less.
json drain_eta(const status_facts& facts) {
    if (facts.store.totals.pending == 0) return 0;
    const double draining = facts.upstream.delivered_per_second - facts.accepted_per_second;
    if (draining <= 0) return nullptr;
    return whole_seconds(static_cast<double>(facts.store.totals.pending) / draining);
}

json oldest_age(const status_facts& facts) {
    if (!facts.store.oldest_pending) return nullptr;
    const auto age = std::chrono::floor<seconds>(facts.now - *facts.store.oldest_pending);
    return std::max<std::int64_t>(age.count(), 0);
}

json queue_json(const status_facts& facts) {
    const outbox_totals& totals = facts.store.totals;
    return {{"pending", totals.pending},
            {"inFlight", facts.upstream.in_flight},
            {"retrying", totals.retrying},
            {"dead", totals.dead},
            {"bytes", totals.bytes},
            {"maxBytes", facts.max_bytes},
            {"maxEvents", facts.max_events},
            {"oldestAgeSeconds", oldest_age(facts)},
            {"outageCapacitySeconds", outage_capacity(facts)},
            {"drainEtaSeconds", drain_eta(facts)}};
}

json upstream_json(const upstream_report& upstream) {
    json last_error = nullptr;
    if (upstream.last_error)
        last_error = {{"at", to_rfc3339(upstream.last_error->at)},
                      {"status", or_null(upstream.last_error->status)},
                      {"message", upstream.last_error->message}};
    return {{"state", upstream.state},
            {"reason", or_null(upstream.reason)},
            {"since", time_or_null(upstream.since)},
            {"nextProbeAt", time_or_null(upstream.next_probe_at)},
            {"concurrency", upstream.concurrency},
            {"inFlight", upstream.in_flight},
            {"lastError", last_error}};
}

json configuration_json(const configuration_state& state) {
    json last = nullptr;
    if (state.last_reload)
        last = {{"at", to_rfc3339(state.last_reload->at)},
                {"success", state.last_reload->problems.empty()},
                {"problems", state.last_reload->problems}};
    return {{"loadedAt", to_rfc3339(state.loaded_at)}, {"lastReload", last}};
}

}  // namespace

std::string to_json(const upstream_report& upstream) {
    return dumped(upstream_json(upstream));
}

std::string to_json(const status_facts& facts) {
    const outbox_totals& totals = facts.store.totals;
    return dumped({{"version", POSTHASTE_VERSION},
                   {"uptimeSeconds", facts.uptime.count()},
                   {"notReady", reasons_not_ready(facts.store, facts.stopping)},
                   {"queue", queue_json(facts)},
                   {"totals",
                    {{"accepted", totals.accepted},
                     {"delivered", totals.delivered},
                     {"discarded", totals.discarded},
                     {"purged", totals.purged}}},
                   {"upstream", upstream_json(facts.upstream)},
                   {"rates",
                    {{"acceptedPerSecond", rounded(facts.accepted_per_second)},
                     {"deliveredPerSecond", rounded(facts.upstream.delivered_per_second)}}},
                   {"configuration", configuration_json(facts.configuration)}});
}

status_handler::status_handler(status_source source, const queue_settings& queue, const rate_window& accepted,
                               std::function<instant()> now)
    : source_(std::move(source)),
      max_events_(queue.max_events),
      max_bytes_(queue.max_bytes),
      accepted_(accepted),
      now_(std::move(now)),
      started_(now_().steady) {}

void status_handler::reconfigure(const queue_settings& queue) noexcept {
    max_events_ = queue.max_events;
    max_bytes_ = queue.max_bytes;
}

void status_handler::handle(std::shared_ptr<exchange> request) {
    describe([waiting = std::move(request)](std::string object) { waiting->answer({.body = std::move(object)}); });
}

void status_handler::describe(std::function<void(std::string object)> reply) const {
    source_.store([this, reply = std::move(reply)](store_status store) mutable {
        source_.upstream([this, store, reply = std::move(reply)](upstream_report upstream) {
            reply(describe(store, std::move(upstream)));
        });
    });
}

std::string status_handler::describe(store_status store, upstream_report upstream) const {
    const instant now = now_();
    return to_json({.uptime = std::chrono::floor<seconds>(now.steady - started_),
                    .now = now.wall,
                    .store = store,
                    .upstream = std::move(upstream),
                    .accepted_per_second = accepted_.per_second(now.steady),
                    .max_events = max_events_,
                    .max_bytes = max_bytes_,
                    .configuration = source_.configuration(),
                    .stopping = source_.stopping && source_.stopping()});
}

}  // namespace posthaste
