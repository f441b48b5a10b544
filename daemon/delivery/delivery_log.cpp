#include "daemon/delivery/delivery_log.hpp"

#include <string>

#include <spdlog/spdlog.h>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

// 1204 → "1,204".
std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, ",");
    return digits;
}

std::string described(const attempt_outcome& outcome) {
    if (!outcome.status) return "upstream unreachable: " + outcome.message;
    const std::string answered = "the upstream answered " + std::to_string(*outcome.status);
    switch (*outcome.status) {
        case 401:
        case 402:
        case 403:
            return answered + ": check the API key (upstream.api_key_file) and what its account may do";
        case 404:
        case 405:
            return answered + ": check upstream.url";
        case 407:
            return answered + ": something in between asks for proxy credentials";
        default:
            if (*outcome.status >= 300 && *outcome.status < 400)
                return answered + ", a redirect, which is never followed: check upstream.url";
            return answered;
    }
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
    spdlog::warn("event {} ({}) is dead: {}, status {}, after {} attempts", to_string(death.id),
                 printable(death.event_name), to_string(death.reason), status, death.attempts);
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

void delivery_log::upstream_failed(const attempt_outcome& outcome, std::size_t waiting, bool more, steady_time now) {
    const auto held_back = guard_.admit(now);
    if (!held_back) return;
    in_trouble_ = true;
    const std::string repeated = *held_back == 0 ? "" : " (" + grouped(*held_back) + " failures since the last line)";
    spdlog::warn("{}; {}{} events wait; retrying{}", described(outcome), more ? "more than " : "", grouped(waiting),
                 repeated);
}

void delivery_log::upstream_delivered() {
    if (!in_trouble_) return;
    in_trouble_ = false;
    spdlog::info("the upstream takes events again; what waits is sent in its order");
}

void delivery_log::gave_up(std::uint32_t attempts) {
    if (attempts == 0) return;
    spdlog::warn("{} attempts got no answer in time; their events are sent again after the next start", attempts);
}

}  // namespace posthaste
