// What an attempt's answer makes of its event: delivered, dead, or sent again, and when.

#include <algorithm>
#include <utility>

#include "lib/delivery/backoff.hpp"
#include "lib/delivery/delivery_machine.hpp"

namespace posthaste {

// The answer is about a key or URL that is no longer used: it refuses that one, or limits it.
bool delivery_machine::is_superseded(slot place, const attempt_outcome& outcome, verdict meaning) const noexcept {
    if (running_[place].target == targets_) return false;
    if (meaning == verdict::pause || is_hold(outcome, meaning)) return true;
    // With nothing delivered through it they would have paused.
    const int status = outcome.status.value_or(0);
    return status == 401 || (status >= 403 && status <= 405);
}

// `at_fault`: the set-up was known to be at fault before this answer.
void delivery_machine::conclude(slot place, attempt_outcome& outcome, verdict meaning, bool at_fault, instant now) {
    if (meaning == verdict::delivered) {
        deliver(place, *outcome.status, now);
        return;
    }
    window_event& event = lanes_.at(place);
    attempt_history& history = event.what.history ? *event.what.history : event.what.history.emplace();
    history.conflicts_in_a_row = outcome.status == 409 ? history.conflicts_in_a_row + 1 : 0;
    history.last_error = attempt_error{now.wall, outcome.status, std::move(outcome.message)};
    if (is_hold(outcome, meaning)) {
        ++event.uncounted;
        retry_when_allowed(place, health_.held_until(), now);
    } else if (meaning == verdict::pause || at_fault) {
        concluded_ = meaning == verdict::retry ? verdict::retry : verdict::pause;
        ++event.uncounted;
        retry_when_allowed(place, now.steady, now);
    } else {
        count_failure(place, meaning, now);
    }
}

void delivery_machine::deliver(slot place, int status, instant now) {
    concluded_ = verdict::delivered;
    const pending_event& event = lanes_.at(place).what;
    settle({.what = settlement::kind::delivered,
            .number = event.number,
            .at = now.wall,
            .status = status,
            .attempts = (event.history ? event.history->attempts : 0) + 1,
            .history = {}});
    if (status < 300) note_reached(place);
    lanes_.finish(place, now);
}

void delivery_machine::note_reached(slot place) {
    if (running_[place].target != targets_ || memory_.reached_with == rules_.target) return;
    memory_.reached_with = rules_.target;
    to_remember_ = true;
}

void delivery_machine::count_failure(slot place, verdict meaning, instant now) {
    window_event& event = lanes_.at(place);
    attempt_history& history = *event.what.history;
    ++history.attempts;
    if (!history.first_failed_at) history.first_failed_at = now.wall;
    if (!event.failing_since) event.failing_since = now.steady;
    if (meaning == verdict::dead)
        die(place, death_reason::rejected, now);
    else if (expired(event, now))
        die(place, death_reason::expired, now);
    else
        retry_at(place, now.steady + backoff(rules_.retry, history.attempts, random_()), now);
}

void delivery_machine::die(slot place, death_reason reason, instant now) {
    concluded_ = verdict::dead;
    pending_event& event = lanes_.at(place).what;
    event.history->next_at = now.wall;
    actions_.emplace_back(report_death{.id = event.id,
                                       .event_name = std::move(event.what.name),
                                       .number = event.number,
                                       .reason = reason,
                                       .attempts = event.history->attempts,
                                       .status = event.history->last_error->status});
    settle({.what = settlement::kind::dead,
            .number = event.number,
            .at = now.wall,
            .history = std::move(*event.history),
            .reason = reason});
    lanes_.finish(place, now);
}

void delivery_machine::retry_at(slot place, steady_time due, instant now) {
    note_failure(place, due, now);
    lanes_.wait(place, due);
}

// It waits for nothing but the upstream: for the end of a hold, which is known, or of a pause. Either may end early.
void delivery_machine::retry_when_allowed(slot place, steady_time expected, instant now) {
    note_failure(place, expected, now);
    lanes_.put_back(place);
}

void delivery_machine::note_failure(slot place, steady_time due, instant now) {
    window_event& event = lanes_.at(place);
    event.what.history->next_at = now.wall + std::chrono::ceil<milliseconds>(std::max(due, now.steady) - now.steady);
    settle({.what = settlement::kind::failed,
            .number = event.what.number,
            .at = now.wall,
            .history = *event.what.history});
}

// An event's age counts from its first counted failure, on the clock that does not jump.
bool delivery_machine::expired(const window_event& event, instant now) const noexcept {
    return event.what.history->attempts >= rules_.expire_after_attempts &&
           now.steady - *event.failing_since > rules_.retry.max_age;
}

void delivery_machine::settle(settlement what) {
    ++unconfirmed_;
    ++settled_;
    actions_.emplace_back(settle_event{std::move(what)});
}

}  // namespace posthaste
