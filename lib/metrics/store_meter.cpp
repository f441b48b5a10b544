#include "lib/metrics/store_meter.hpp"

namespace posthaste {

void store_meter::committed(const batch& work, const batch_outcome& outcome, std::chrono::duration<double> took) {
    std::size_t events = outcome.stuck ? 0 : work.settlements.size();
    for (std::size_t at = 0; at < work.appends.size(); ++at) {
        if (outcome.appends[at] != append_outcome::stored) continue;
        count(measures_.accepted, labels_.of(work.appends[at].what.name));
        ++events;
    }
    for (std::size_t at = 0; at < work.submissions.size(); ++at)
        if (outcome.submissions[at].what == submission_outcome::kind::stored)
            events += count_stored(work.submissions[at].events);
    for (std::size_t at = 0; at < work.imports.size(); ++at)
        if (outcome.imports[at].imported > 0) events += count_stored(work.imports[at]);
    if (events == 0) return;
    measures_.commit_durations.observe(took);
    measures_.commit_events.observe(static_cast<double>(events));
}

// Those that were given a number: of an import that is not all of them.
std::size_t store_meter::count_stored(const std::vector<pending_event>& events) {
    std::size_t stored = 0;
    for (const pending_event& one : events) {
        if (one.number == 0) continue;
        count(measures_.accepted, labels_.of(one.what.name));
        ++stored;
    }
    return stored;
}

}  // namespace posthaste
