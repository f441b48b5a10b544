#include "daemon/supervisor/heartbeat.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "lib/base/quantity.hpp"

namespace posthaste {

namespace {

// What the line shows is at most so old, and a little more: a person looks at it during an outage.
constexpr milliseconds longest_rest = seconds{2};
// Two beats may be late before the watchdog bites.
constexpr int beats_a_watchdog = 3;

}  // namespace

milliseconds rest_between_beats(std::optional<milliseconds> watchdog) {
    if (!watchdog) return longest_rest;
    return std::clamp(*watchdog / beats_a_watchdog, milliseconds{1}, longest_rest);
}

heartbeat::heartbeat(boost::asio::io_context& accept, const service_manager& manager, status_source source)
    : manager_(manager), source_(std::move(source)), timer_(accept) {}

void heartbeat::start() {
    if (manager_.listens()) ask();
}

void heartbeat::stop() {
    stopped_ = true;
    timer_.cancel();
}

void heartbeat::rest() {
    if (stopped_) return;
    timer_.expires_after(rest_between_beats(manager_.watchdog()));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled && !stopped_) ask();
    });
}

void heartbeat::ask() {
    source_.store([this](const store_status& store) {
        source_.upstream([this, store](const upstream_report& upstream) { answered(store, upstream); });
    });
}

void heartbeat::answered(const store_status& store, const upstream_report& upstream) {
    if (stopped_) return;
    if (manager_.watchdog()) manager_.alive();
    std::string line = (source_.stopping() ? "stopping; " : "") + status_line(store, upstream, source_.configuration());
    if (line != told_) manager_.status(line);
    told_ = std::move(line);
    rest();
}

std::string status_line(const store_status& store, const upstream_report& upstream,
                        const configuration_state& configuration) {
    std::string line = grouped(store.totals.pending) + " pending, upstream " + upstream.state + ", " +
                       grouped(static_cast<std::uint64_t>(std::llround(upstream.delivered_per_second))) + "/s";
    if (store.queue_full) line += "; the queue is full";
    if (store.disk_full) line += "; the disk is full";
    const auto& last = configuration.last_reload;
    if (last && !last->problems.empty()) line += "; the last reload failed: " + last->problems.front();
    if (last && !last->needs_restart.empty()) line += "; " + last->needs_restart + " since the last reload";
    return line;
}

}  // namespace posthaste
