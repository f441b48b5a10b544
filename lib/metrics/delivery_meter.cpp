#include "lib/metrics/delivery_meter.hpp"

namespace posthaste {

void delivery_meter::started(slot place, const pending_event& event, steady_time now) {
    if (running_.size() <= place) running_.resize(place + 1);
    running_[place] = {now, event.history.has_value()};
    if (event.history) ++measures_.retries_in_flight;
}

delivery_meter::ended_attempt delivery_meter::ended(slot place, const pending_event& event, std::optional<int> status,
                                                    instant now) {
    const running& attempt = running_[place];
    if (attempt.is_retry) --measures_.retries_in_flight;
    measures_.attempt_durations.observe(now.steady - attempt.since);
    return {labels_.of(event.what.name), now.wall - event.received_at, status};
}

void delivery_meter::unsent(slot place) {
    if (running_[place].is_retry) --measures_.retries_in_flight;
}

void delivery_meter::judged(const ended_attempt& what, verdict meaning) {
    ++measures_.attempts[{meaning, what.status}];
    if (meaning != verdict::delivered) return;
    count(measures_.delivered, what.label);
    measures_.latencies.observe(what.on_its_way);
}

void delivery_meter::died(std::string_view event_name, death_reason reason) {
    ++measures_.dead[{std::string(labels_.of(event_name)), reason}];
}

}  // namespace posthaste
