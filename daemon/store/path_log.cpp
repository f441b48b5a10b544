#include "daemon/store/path_log.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace posthaste {
namespace {

bool is_debugging() {
    return spdlog::should_log(spdlog::level::debug);
}

void log_all(const std::vector<pending_event>& events, const char* what) {
    for (const auto& one : events) {
        if (one.number != 0) {
            spdlog::debug("event {}: {}", named(one.id, one.what.name), what);
        }
    }
}

void log_stored(const batch& work, const batch_outcome& outcome) {
    for (std::size_t at = 0; at < work.appends.size(); ++at) {
        if (outcome.appends[at] == append_outcome::stored) {
            spdlog::debug("event {}: stored", named(work.appends[at].id, work.appends[at].what.name));
        }
    }
    for (std::size_t at = 0; at < work.submissions.size(); ++at) {
        if (outcome.submissions[at].what == submission_outcome::kind::stored) {
            log_all(work.submissions[at].events, "stored");
        }
    }
    for (std::size_t at = 0; at < work.imports.size(); ++at) {
        if (!outcome.imports[at].disk_full) {
            log_all(work.imports[at], "imported");  // those that were known got no number
        }
    }
}

}  // namespace

void path_log::look(outbox& box, const batch& work, const commit_chance& chance) {
    leaving_.clear();
    for (const auto& one : work.settlements) {
        const bool damaged = one.what == settlement::kind::dead && one.reason == death_reason::damaged;
        if (!damaged && (one.what != settlement::kind::discarded || !is_debugging())) {
            continue;
        }
        const auto what = damaged ? fate::damaged : fate::discarded;
        note(box, one.number, event_state::pending, what, chance.now);
    }
    if (!is_debugging()) {
        return;
    }
    for (const auto& asked : work.by_hand) {
        selection_request which = asked.which;
        which.limit = std::min(which.limit, chance.dead_rows);
        const auto found = box.select(which);
        if (!found) {
            continue;
        }
        const auto what = asked.what == dead_request::kind::retry ? fate::retried : fate::discarded;
        for (const sequence number : found->numbers) {
            note(box, number, event_state::dead, what, chance.now);
        }
    }
}

void path_log::note(outbox& box, sequence number, event_state state, fate what, wall_time now) {
    const auto found = box.list({.state = state, .before = number + 1, .limit = 1}, now);
    leaving one{.number = number, .state = state, .what = what};
    if (found && !found->events.empty() && found->last == number) {
        one.name = named(found->events.front().id, found->events.front().name);
    }
    leaving_.push_back(std::move(one));
}

void path_log::committed(const batch& work, const batch_outcome& outcome) {
    if (is_debugging()) {
        log_stored(work, outcome);
    }
    const bool by_hand_done = std::ranges::none_of(outcome.by_hand, &dead_report::disk_full);
    // A slice of the dead may end before all that were looked at.
    const auto reached = [&outcome](sequence number) {
        return std::ranges::any_of(outcome.by_hand, [number](const dead_report& each) { return number <= each.last; });
    };
    // What is left is tried again, and told then.
    const auto waits = [&](sequence number) {
        return outcome.stuck &&
               std::ranges::find(work.settlements, number, &settlement::number) != work.settlements.end();
    };
    for (const auto& [number, state, what, name] : leaving_) {
        if (state == event_state::pending && waits(number)) {
            continue;
        }
        if (what == fate::damaged) {
            spdlog::warn(
                "event {} is dead: damaged, status none: its checksum on the disk is wrong, so it is never sent, "
                "and kept as dead",
                name.empty() ? "number " + std::to_string(number) + " (neither id nor name can be read)" : name);
        } else if (!name.empty() && by_hand_done && (state != event_state::dead || reached(number))) {
            spdlog::debug("event {}: {} by hand", name, what == fate::retried ? "sent again" : "discarded");
        }
    }
}

}  // namespace posthaste
