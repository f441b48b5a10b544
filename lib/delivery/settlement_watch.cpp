#include "lib/delivery/settlement_watch.hpp"

#include <utility>

namespace posthaste {

void settlement_watch::committed(const std::vector<pending_event>& events, bool up) {
    for (const pending_event& each : events) {
        if (each.watch == 0) continue;
        if (up)
            watched_.emplace(each.number, each.watch);
        else
            tell_({.watch = each.watch});
    }
}

void settlement_watch::settled(const settlement& what, const std::optional<upstream_answer>& answer) {
    if (what.what == settlement::kind::failed || !wants(what.number)) return;
    watched_end told{.watch = watched_.extract(what.number).mapped()};
    if (what.what == settlement::kind::delivered) {
        told.what = watched_end::kind::delivered;
        told.status = what.status;
        told.answer = answer.value_or(upstream_answer{});
    } else if (what.what == settlement::kind::dead) {
        told.what = watched_end::kind::dead;
        told.reason = what.reason;
        told.last_error = what.history.last_error;
    }
    tell_(std::move(told));
}

void settlement_watch::upstream_down() {
    for (const auto& [number, watch] : std::exchange(watched_, {}))
        tell_({.watch = watch});
}

void settlement_watch::forget(std::uint64_t watch) {
    std::erase_if(watched_, [watch](const auto& each) { return each.second == watch; });
}

}  // namespace posthaste
