// Listings and exports: what is kept, read in slices for people and their tools.

#include <utility>

#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

bool is_wanted(const kept_event& one, const list_request& request) {
    return one.facts && (request.name.empty() || one.facts->name == request.name) &&
           (request.user_id.empty() || one.facts->user_id == request.user_id);
}

}  // namespace

result<list_page, sqlite_error> outbox::list(const list_request& request, wall_time now) {
    auto rows = history_.below(request.before, request.state);
    if (!rows) {
        return rows.error();
    }
    list_page out;
    out.last = request.before;
    for (auto& one : *rows) {
        if (out.events.size() == request.limit) {
            return out;
        }
        out.last = one.number;
        if (!is_wanted(one, request)) {
            continue;
        }
        auto facts = facts_of(one, now);
        if (!facts) {
            return facts.error();
        }
        if (*facts) {
            out.events.push_back(*std::move(*facts));
        }
    }
    out.reached_end = rows->size() < history_view::slice_rows;
    return out;
}

result<std::optional<event_facts>, sqlite_error> outbox::facts_of(kept_event& one, wall_time now) {
    if (one.state == event_state::dead) {
        return dead_.find(one.number, one.facts->id, dead_table::body::without);
    }
    if (one.state == event_state::delivered) {
        return delivered_.is_shown(*one.facts, now) ? std::move(one.facts) : std::nullopt;
    }
    if (const auto added = add_retries(one.number, *one.facts); !added) {
        return added.error();
    }
    return std::move(one.facts);
}

result<export_page, sqlite_error> outbox::export_slice(const export_request& request) {
    const auto rows = history_.above(request.after, request.state);
    if (!rows) {
        return rows.error();
    }
    export_page out;
    out.newest = last_number();
    out.last = request.after;
    std::size_t bytes = 0;
    for (const auto& one : *rows) {
        if (bytes >= request.max_bytes) {
            return out;
        }
        if (const auto added = add_export(one, out, bytes); !added) {
            return added.error();
        }
        out.last = one.number;
    }
    out.reached_end = rows->size() < history_view::slice_rows;
    return out;
}

sqlite_result outbox::add_export(const history_view::place& one, export_page& to, std::size_t& bytes) {
    auto rows = one.state == event_state::dead ? dead_.one(one.number) : events_.one(one.number);
    if (!rows.next()) {
        return rows.end();
    }
    auto stored = event_table::read(rows);
    bytes += event_table::body_size(rows);
    const auto sound = is_sound(stored);
    if (!sound) {
        return sound.error();
    }
    if (*sound) {
        to.events.push_back({one.state, stored.what.id, stored.what.received_at, std::move(stored.what.what)});
    } else {
        ++to.damaged;
    }
    return {};
}

}  // namespace posthaste
