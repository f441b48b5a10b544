#include "lib/delivery/upstream_health.hpp"

#include <algorithm>

#include "lib/base/require.hpp"
#include "lib/delivery/trouble_text.hpp"

namespace posthaste {
namespace {

constexpr milliseconds first_open_probe = seconds{1};
constexpr milliseconds last_open_probe = seconds{60};
constexpr milliseconds first_pause_probe = seconds{30};
constexpr milliseconds last_pause_probe = std::chrono::minutes{5};
constexpr milliseconds first_hold = seconds{1};
constexpr milliseconds last_hold = seconds{60};
constexpr milliseconds longest_hold = std::chrono::hours{1};

// Uniform from half of it to all of it.
milliseconds jittered(milliseconds whole, std::uint64_t random) noexcept {
    const auto half = static_cast<std::uint64_t>(whole.count() / 2);
    return whole - milliseconds{static_cast<milliseconds::rep>(random % (half + 1))};
}

bool is_overload(const attempt_outcome& outcome) noexcept {
    return outcome.timed_out || outcome.status == 429 || outcome.status == 503;
}

}  // namespace

const char* to_string(upstream_state state) noexcept {
    switch (state) {
        case upstream_state::up:
            return "up";
        case upstream_state::open:
            return "open";
        case upstream_state::held:
            return "held";
        case upstream_state::paused:
            return "paused";
    }
    return "";
}

upstream_health::upstream_health(const health_rules& rules) : rules_(rules), window_(rules.max_concurrency) {
    bucket_.limit(rules.rate_limit);
}

void upstream_health::restore(const upstream_memory& memory, instant now) {
    guard_armed_ = memory.guard_armed;
    if (memory.paused == upstream_memory::pause::none) return;
    const bool by_hand = memory.paused == upstream_memory::pause::by_hand;
    pause(by_hand ? cause::by_hand : cause::rejecting_everything, {}, now);
    paused_->since = memory.paused_at.value_or(now.wall);
}

bool upstream_health::remember(upstream_memory& memory) const {
    using kind = upstream_memory::pause;
    kind paused = kind::none;
    // A refused key is found out anew.
    if (paused_ && paused_->why != cause::setup)
        paused = paused_->why == cause::by_hand ? kind::by_hand : kind::rejecting_everything;
    const auto since = paused == kind::none ? std::nullopt : std::optional(paused_->since);
    const bool same = memory.paused == paused && memory.paused_at == since && memory.guard_armed == guard_armed_;
    memory.paused = paused;
    memory.paused_at = since;
    memory.guard_armed = guard_armed_;
    return !same;
}

void upstream_health::change_rules(const health_rules& rules) {
    rules_ = rules;
    window_.set_most(rules.max_concurrency);
    bucket_.limit(rules.rate_limit);
}

upstream_state upstream_health::state(steady_time now) const noexcept {
    if (paused_) return upstream_state::paused;
    if (now < held_until_) return upstream_state::held;
    return open_ ? upstream_state::open : upstream_state::up;
}

bool upstream_health::probes() const noexcept {
    return paused_ ? is_at_fault() : open_;
}

permit upstream_health::may_start(steady_time now, std::uint32_t in_flight) const noexcept {
    const auto next = next_permit(now, in_flight);
    if (!next || *next > now) return permit::none;
    return paused_ || open_ ? permit::probe : permit::attempt;
}

std::optional<steady_time> upstream_health::next_permit(steady_time now, std::uint32_t in_flight) const noexcept {
    const steady_time allowed = std::max({held_until_, bucket_.next(), now});
    if (paused_ || open_) {
        // A reload may have lowered what may run at once.
        if (!probes() || probing_ || in_flight >= rules_.max_concurrency) return std::nullopt;
        return std::max(allowed, next_probe_);
    }
    if (in_flight >= window_.size()) return std::nullopt;
    return std::max(allowed, window_.next());
}

attempt_ticket upstream_health::start(const uuid& event, steady_time now) {
    bucket_.take(now);
    probing_ = probing_ || probes();
    return {.serial = window_.start(now), .probe = probes(), .stop = stops_, .look = looks_, .event = event};
}

void upstream_health::ended(const attempt_ticket& ticket, const attempt_outcome& outcome, verdict meaning, instant now,
                            std::uint64_t random) {
    if (ticket.probe) probing_ = false;
    if (meaning == verdict::delivered) {
        delivered(ticket, outcome.status != 409);
    } else if (is_hold(outcome, meaning)) {
        hold(ticket, outcome, now);
    } else if (meaning == verdict::pause) {
        if (!paused_) pause(cause::setup, outcome, now);
    } else if (meaning == verdict::dead) {
        if (!paused_) rejected(ticket, outcome, now);
    } else if (is_failure_of_upstream(outcome.status, meaning)) {
        failed(ticket, outcome, now, random);
    }
    // One that began before the set-up changed puts off none that is due because of that.
    if (is_probe_of_this_stop(ticket) && probes() && ticket.look == looks_) probe_again(now.steady, random);
}

// What was sent before this pause or opening says nothing of it, were it the very probe that led to it.
bool upstream_health::is_probe_of_this_stop(const attempt_ticket& ticket) const noexcept {
    return ticket.probe && ticket.stop == stops_;
}

void upstream_health::ended_void(const attempt_ticket& ticket) {
    if (ticket.probe) probing_ = false;
}

void upstream_health::delivered(const attempt_ticket& ticket, bool surely) {
    if (ticket.serial >= held_from_) last_hold_ = milliseconds{0};
    failures_in_a_row_ = 0;
    rejected_in_a_row_.clear();
    guard_armed_ = guard_armed_ || surely;
    window_.succeeded(ticket.serial);
    // An attempt of before the pause says nothing of what is wrong since.
    if (is_at_fault() && is_probe_of_this_stop(ticket)) {
        paused_.reset();
        window_.restart();
    }
    if (open_) close();
}

// The upstream works, whatever it thinks of this event.
void upstream_health::rejected(const attempt_ticket& ticket, const attempt_outcome& outcome, instant now) {
    failures_in_a_row_ = 0;
    window_.succeeded(ticket.serial);
    if (open_) close();
    if (!guard_armed_ || rules_.reject_guard == 0) return;
    rejected_in_a_row_.insert(ticket.event);
    if (rejected_in_a_row_.size() >= rules_.reject_guard) pause(cause::rejecting_everything, outcome, now);
}

void upstream_health::failed(const attempt_ticket& ticket, const attempt_outcome& outcome, instant now,
                             std::uint64_t random) {
    if (is_overload(outcome)) window_.overloaded(ticket.serial);
    if (paused_) return;
    if (open_) {
        opening_.trouble = outcome;
        return;
    }
    if (++failures_in_a_row_ < rules_.failures_that_open) return;
    open_ = true;
    if (now.steady >= held_until_) ++troubles_;  // else nobody sees it yet: they were sent before the hold
    ++stops_;
    opening_ = {now.wall, outcome};
    window_.restart();
    probe_interval_ = first_open_probe;
    next_probe_ = now.steady + jittered(probe_interval_, random);
}

void upstream_health::hold(const attempt_ticket& ticket, const attempt_outcome& outcome, instant now) {
    // "At once", or a date that is past, is no time to wait: what answers so would be asked again without end.
    const bool told = outcome.retry_after && *outcome.retry_after > milliseconds{0};
    const bool sent_before = ticket.serial < held_from_;
    if (sent_before && !told) return;  // the hold was the answer to that, too
    if (now.steady >= held_until_) {
        hold_.since = now.wall;
        if (!paused_) ++troubles_;
        if (sent_before)
            window_.restart();
        else
            window_.held();
        held_from_ = window_.next_serial();
        if (!told) last_hold_ = std::clamp(last_hold_ * 2, first_hold, last_hold);
    }
    const milliseconds asked = std::min(told ? *outcome.retry_after : last_hold_, longest_hold);
    held_until_ = std::max(held_until_, now.steady + asked);
    hold_.trouble = outcome;
}

void upstream_health::pause(cause why, const attempt_outcome& outcome, instant now) {
    paused_ = pausing{why, now.wall, outcome};
    ++troubles_;
    ++stops_;
    window_.restart();
    open_ = false;
    failures_in_a_row_ = 0;
    rejected_in_a_row_.clear();
    probe_interval_ = first_pause_probe;
    next_probe_ = now.steady + probe_interval_;
}

void upstream_health::probe_again(steady_time now, std::uint64_t random) {
    if (paused_) {
        probe_interval_ = std::clamp(probe_interval_ * 2, first_pause_probe, last_pause_probe);
        next_probe_ = now + probe_interval_;
    } else {
        probe_interval_ = std::min(probe_interval_ * 2, last_open_probe);
        next_probe_ = now + jittered(probe_interval_, random);
    }
}

void upstream_health::close() {
    open_ = false;
    failures_in_a_row_ = 0;
    window_.restart();
}

void upstream_health::pause_by_hand(instant now) {
    if (paused_ && paused_->why == cause::by_hand) return;
    if (paused_ && paused_->why == cause::rejecting_everything) guard_armed_ = false;  // it has spoken already
    pause(cause::by_hand, {}, now);
}

void upstream_health::resume_by_hand() {
    if (!paused_) return;
    if (paused_->why == cause::rejecting_everything) guard_armed_ = false;
    paused_.reset();
    window_.restart();
}

void upstream_health::look_again(instant now, bool other_key) {
    if (other_key) {
        held_until_ = {};
        last_hold_ = milliseconds{0};
    }
    if (!probes()) return;
    ++looks_;
    next_probe_ = now.steady;
    probe_interval_ = paused_ ? milliseconds{0} : first_open_probe;
}

std::string upstream_health::pause_reason() const {
    const attempt_outcome& trouble = paused_->trouble;
    switch (paused_->why) {
        case cause::by_hand:
            return "by-hand: somebody stopped the sending; \"posthaste resume\" lets it go on";
        case cause::rejecting_everything:
            return "rejecting-everything: " + std::to_string(rules_.reject_guard) +
                   " different events in a row were rejected" +
                   (trouble.status ? ", the last with " + std::to_string(*trouble.status) : "") +
                   "; check upstream.url, the API key and what the events hold, then \"posthaste resume\"";
        case cause::setup:
            return trouble_text(trouble);
    }
    return "";
}

void upstream_health::describe(upstream_report& to, instant now) const {
    const auto on_the_wall = [now](steady_time when) {
        return now.wall + std::chrono::ceil<milliseconds>(std::max(when, now.steady) - now.steady);
    };
    const upstream_state current = state(now.steady);
    to.state = to_string(current);
    to.concurrency = window_.size();
    if (current == upstream_state::up) return;
    const halt& halted = current == upstream_state::held ? hold_ : opening_;
    to.reason = paused_ ? pause_reason() : trouble_text(halted.trouble);
    to.since = paused_ ? paused_->since : halted.since;
    if (current == upstream_state::held)
        to.next_probe_at = on_the_wall(held_until_);
    else if (probes())
        to.next_probe_at = on_the_wall(std::max(next_probe_, held_until_));
}

}  // namespace posthaste
