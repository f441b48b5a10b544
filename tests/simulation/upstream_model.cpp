#include "tests/simulation/upstream_model.hpp"

#include <algorithm>
#include <set>

namespace posthaste::simulation {

using std::chrono::hours;
using std::chrono::minutes;

void upstream_model::begin(const health_rules& rules, const upstream_memory& left, steady_time now) {
    *this = {};
    rules_ = rules;
    armed_ = left.guard_armed;
    if (left.paused == upstream_memory::pause::by_hand) begin_pause(pause::by_hand, now);
    if (left.paused == upstream_memory::pause::rejecting_everything) begin_pause(pause::guard, now);
}

void upstream_model::look_again(steady_time now, bool other_target) {
    if (other_target) {
        held_until_ = {};
        own_hold_ = milliseconds{0};
    }
    if (!probes()) return;
    ++looks_;
    earliest_probe_ = latest_probe_ = now;
    interval_ = at_fault() ? milliseconds{0} : seconds{1};
}

void upstream_model::pause_by_hand() {
    if (by_hand()) return;
    if (pause_ == pause::guard) armed_ = false;  // a person takes over
    begin_pause(pause::by_hand, {});
}

void upstream_model::resume_by_hand() {
    if (pause_ == pause::guard) armed_ = false;
    if (paused()) ++stops_;
    pause_ = pause::none;
}

const char* upstream_model::why_not(steady_time now, bool probe_running) const {
    if (by_hand()) return "nothing is sent during a pause by hand";
    if (now < held_until_) return "nothing is sent during a hold";
    if (!probes()) return nullptr;
    if (probe_running) return "one probe at a time";
    if (now < earliest_probe_) return "no probe before its time";
    return nullptr;
}

std::optional<steady_time> upstream_model::latest_start() const {
    if (by_hand()) return std::nullopt;
    return probes() ? std::max(held_until_, latest_probe_) : held_until_;
}

upstream_state upstream_model::state(steady_time now) const {
    if (paused()) return upstream_state::paused;
    if (now < held_until_) return upstream_state::held;
    return open_ ? upstream_state::open : upstream_state::up;
}

void upstream_model::ended(const attempt_outcome& outcome, verdict meaning, const starting_point& from,
                           steady_time now) {
    const bool probe = from.probe_of == trouble_;
    if (meaning == verdict::delivered) {
        failures_ = rejections_ = 0;
        if (from.holds == holds_) own_hold_ = milliseconds{0};
        if (outcome.status != 409) armed_ = true;
        if (at_fault() && probe) {
            pause_ = pause::none;
            ++stops_;
        }
        if (open_) close();
    } else if (holds_everybody(outcome, meaning)) {
        hold(outcome, from.holds != holds_, now);
    } else if (meaning == verdict::pause) {
        if (!paused()) begin_pause(pause::setup, now);
    } else if (meaning == verdict::dead) {
        if (!paused()) rejected(now);
    } else if (outcome.status != 409) {
        failed(now);
    }
    if (probe && probes() && from.probe_of == trouble_ && from.looks == looks_) probe_again(now);
}

bool upstream_model::is_remembered(const upstream_memory& memory) const {
    using kind = upstream_memory::pause;
    const kind paused = by_hand() ? kind::by_hand : pause_ == pause::guard ? kind::rejecting_everything : kind::none;
    return memory.paused == paused && memory.paused_at.has_value() == (paused != kind::none) &&
           memory.guard_armed == armed_;
}

void upstream_model::begin_pause(pause why, steady_time now) {
    pause_ = why;
    open_ = false;
    failures_ = rejections_ = 0;
    interval_ = seconds{30};
    earliest_probe_ = latest_probe_ = now + interval_;
    ++trouble_;
    ++stops_;
}

void upstream_model::rejected(steady_time now) {
    failures_ = 0;
    if (open_) close();
    if (!armed_ || rules_.reject_guard == 0) return;  // only a guard that is on counts
    if (++rejections_ >= rules_.reject_guard) begin_pause(pause::guard, now);
}

void upstream_model::failed(steady_time now) {
    if (paused() || open_ || ++failures_ < 5) return;
    open_ = true;
    interval_ = seconds{1};
    earliest_probe_ = now + interval_ / 2;
    latest_probe_ = now + interval_;
    ++trouble_;
    ++stops_;
}

void upstream_model::hold(const attempt_outcome& outcome, bool sent_before, steady_time now) {
    const bool anew = now >= held_until_;
    const bool told = outcome.retry_after && *outcome.retry_after > milliseconds{0};
    if (sent_before && !told) return;
    if (anew) ++holds_;
    if (anew && !told) own_hold_ = std::clamp<milliseconds>(own_hold_ * 2, seconds{1}, seconds{60});
    const milliseconds asked = std::min<milliseconds>(told ? *outcome.retry_after : own_hold_, hours{1});
    held_until_ = std::max(held_until_, now + asked);
    ++stops_;
}

void upstream_model::probe_again(steady_time now) {
    interval_ = at_fault() ? std::clamp<milliseconds>(interval_ * 2, seconds{30}, minutes{5})
                           : std::min<milliseconds>(interval_ * 2, seconds{60});
    earliest_probe_ = now + (at_fault() ? interval_ : interval_ / 2);
    latest_probe_ = now + interval_;
}

void upstream_model::close() {
    open_ = false;
    failures_ = 0;
    ++stops_;
}

verdict meaning_of(std::optional<int> status, std::uint32_t conflicts_before, bool reached,
                   const std::map<int, verdict>& overrides) {
    static const std::set<int> again = {408, 421, 425, 429};
    static const std::set<int> setup = {401, 402, 407};
    static const std::set<int> setup_at_first = {403, 404, 405};
    if (!status) return verdict::retry;
    if (overrides.contains(*status)) return overrides.at(*status);
    if (*status / 100 == 2) return verdict::delivered;
    if (*status / 100 == 5 || again.contains(*status)) return verdict::retry;
    if (*status / 100 == 3 || setup.contains(*status)) return verdict::pause;
    if (setup_at_first.contains(*status)) return reached ? verdict::dead : verdict::pause;
    if (*status == 409) return conflicts_before >= 2 ? verdict::delivered : verdict::retry;
    return verdict::dead;
}

bool holds_everybody(const attempt_outcome& outcome, verdict meaning) {
    return meaning == verdict::retry && (outcome.status == 429 || (outcome.status == 503 && outcome.retry_after));
}

}  // namespace posthaste::simulation
