#include "daemon/delivery/delivery_log.hpp"

#include <string>

#include <spdlog/spdlog.h>

#include "lib/base/text.hpp"
#include "lib/delivery/trouble_text.hpp"

namespace posthaste {

namespace {

// 1204 → "1,204".
std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, ",");
    return digits;
}

std::string said(delivery_log::backlog left) {
    if (left.more && left.waiting == 0) return "events wait";
    const std::string many = left.more || left.waiting != 1 ? " events wait" : " event waits";
    return (left.more ? "more than " : "") + grouped(left.waiting) + many;
}

std::string said(std::uint64_t held_back) {
    return held_back == 0 ? "" : " (" + grouped(held_back) + " such lines held back since the last one)";
}

std::string attempts_text(std::uint64_t count) {
    return count == 1 ? "1 attempt" : grouped(count) + " attempts";
}

// The line begins with "delivery is failing" already.
std::string reason_of(const upstream_report& report) {
    constexpr std::string_view repeated = "failing: ";
    std::string reason = report.reason.value_or("");
    return reason.starts_with(repeated) ? reason.substr(repeated.size()) : reason;
}

bool is_debugging() {
    return spdlog::should_log(spdlog::level::debug);
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
    const auto held_back = failures_.admit(now);
    if (!held_back) return;
    in_trouble_ = true;
    spdlog::warn("{}; {}; retrying{}", trouble_text(outcome), said(left), said(*held_back));
}

void delivery_log::upstream_delivered() {
    if (!in_trouble_) return;
    in_trouble_ = false;
    spdlog::info("the upstream takes events again; what waits is sent in its order");
}

void delivery_log::upstream_changed(const upstream_report& report, backlog left, steady_time now) {
    if (report.state == "up") return;  // a delivery tells
    const bool paused = report.state == "paused";
    const auto held_back = paused                   ? std::optional<std::uint64_t>(0)
                           : report.state == "held" ? holds_.admit(now)
                                                    : openings_.admit(now);
    if (!held_back) return;
    in_trouble_ = true;
    const std::string next = report.next_probe_at
                                 ? (report.state == "held" ? "goes on at " : "the next probe goes out at ") +
                                       to_rfc3339(*report.next_probe_at)
                                 : "nothing is sent until then";
    spdlog::warn("delivery is {}: {}; {}; {}{}",
                 paused                   ? "paused"
                 : report.state == "held" ? "held back"
                                          : "failing",
                 reason_of(report), said(left), next, said(*held_back));
}

void delivery_log::gave_up(std::uint32_t attempts) {
    if (attempts == 0) return;
    spdlog::warn("{} got no answer in time; what they sent is sent again after the next start",
                 attempts_text(attempts));
}

}  // namespace posthaste
