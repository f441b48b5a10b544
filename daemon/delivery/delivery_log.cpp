#include "daemon/delivery/delivery_log.hpp"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "lib/base/quantity.hpp"

namespace posthaste {

namespace {

std::string attempts_text(std::uint64_t count) {
    return count == 1 ? "1 attempt" : grouped(count) + " attempts";
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
    if (death.reason == death_reason::damaged) return;  // the store knows who that is, and tells
    const std::string status = death.status ? std::to_string(*death.status) : "none";
    spdlog::warn("event {} is dead: {}, status {}, after {}", named(death.id, death.event_name),
                 to_string(death.reason), status, attempts_text(death.attempts));
}

void delivery_log::attempt_starts(const pending_event& event, std::uint32_t retries) {
    if (!is_debugging()) return;
    attempt_judged();  // it may be the next one of the same event
    spdlog::debug("event {}: attempt {} starts", named(event.id, event.what.name), retries + 1);
}

void delivery_log::attempt_ended(const pending_event& event, const attempt_outcome& outcome) {
    judged_.clear();
    if (!is_debugging()) return;
    judged_ = named(event.id, event.what.name);
    if (outcome.status)
        spdlog::debug("event {}: answered {}", judged_, *outcome.status);
    else
        spdlog::debug("event {}: no answer: {}", judged_, outcome.message);
}

void delivery_log::attempt_unsent(const pending_event& event) {
    if (!is_debugging()) return;
    spdlog::debug("event {}: its connection was found closed; to be sent again over a new one",
                  named(event.id, event.what.name));
}

void delivery_log::settled(const settlement& what) {
    if (judged_.empty()) return;
    const std::string whose = std::exchange(judged_, {});
    if (what.what == settlement::kind::delivered)
        spdlog::debug("event {}: delivered, after {}", whose, attempts_text(what.attempts));
    else if (what.what == settlement::kind::dead)
        spdlog::debug("event {}: dead: {}", whose, to_string(what.reason));
    else if (what.what == settlement::kind::failed)
        spdlog::debug("event {}: to be sent again, due at {}", whose, to_rfc3339(what.history.next_at));
}

void delivery_log::attempt_judged() {
    if (judged_.empty()) return;
    spdlog::debug("event {}: to be sent again, with the key that is used now", std::exchange(judged_, {}));
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
