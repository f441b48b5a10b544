#include "daemon/delivery/delivery_log.hpp"

#include <string>

#include <spdlog/spdlog.h>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

std::string attempts_text(std::uint64_t count) {
    return count == 1 ? "1 attempt" : std::to_string(count) + " attempts";
}

bool is_debugging() {
    return spdlog::should_log(spdlog::level::debug);
}

void log_all(const trouble_story::lines& lines) {
    for (const auto& [is_warning, text] : lines)
        spdlog::log(is_warning ? spdlog::level::warn : spdlog::level::info, "{}", text);
}

}  // namespace

void delivery_log::died(const report_death& death) {
    if (death.reason == death_reason::damaged) {
        spdlog::warn("event number {} is damaged on disk (its checksum is wrong): it is never sent, and kept as dead",
                     death.number);
        return;
    }
    const std::string status = death.status ? std::to_string(*death.status) : "none";
    spdlog::warn("event {} ({}) is dead: {}, status {}, after {}", to_string(death.id), printable(death.event_name),
                 to_string(death.reason), status, attempts_text(death.attempts));
}

void delivery_log::attempt_starts(const pending_event& event, std::uint32_t retries) {
    if (is_debugging()) spdlog::debug("event {}: attempt {} starts", to_string(event.id), retries + 1);
}

void delivery_log::attempt_ended(const pending_event& event, const attempt_outcome& outcome) {
    if (!is_debugging()) return;
    if (outcome.status)
        spdlog::debug("event {}: answered {}", to_string(event.id), *outcome.status);
    else
        spdlog::debug("event {}: no answer: {}", to_string(event.id), outcome.message);
}

void delivery_log::attempt_failed(const attempt_outcome& outcome, backlog left, steady_time now) {
    log_all(story_.attempt_failed(outcome, left, now));
}

void delivery_log::upstream_delivered() {
    log_all(story_.delivered());
}

void delivery_log::upstream_changed(const upstream_report& report, backlog left, steady_time now) {
    log_all(story_.state_changed(report, left, now));
}

void delivery_log::tell_held_back(const upstream_report& report, backlog left, steady_time now) {
    log_all(story_.held_back(report, left, now));
}

void delivery_log::gave_up(std::uint32_t attempts) {
    if (attempts == 0) return;
    spdlog::warn("{} got no answer in time; what they sent is sent again after the next start",
                 attempts_text(attempts));
}

}  // namespace posthaste
