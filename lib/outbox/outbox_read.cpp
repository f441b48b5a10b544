// What is read from the outbox: pages for the scheduler, the rest of a lane, the facts of one event.

#include <algorithm>

#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

constexpr std::size_t slice_rows = 500;
constexpr std::size_t lane_bytes = 4 * 1024 * 1024;

}  // namespace

result<page, sqlite_error> outbox::read_page(const page_request& request) {
    page out;
    out.last = request.after;
    const std::size_t limit = std::clamp<std::size_t>(request.max_events, 1, slice_rows);
    std::size_t rows_read = 0;
    std::size_t bytes = 0;
    bool cut = false;
    {
        auto rows = events_.after(request.after, limit);
        while (rows.next()) {
            bytes += event_table::body_size(rows);
            cut = rows_read > 0 && bytes > request.max_bytes;
            if (cut) {
                break;
            }
            ++rows_read;
            auto stored = event_table::read(rows);
            if (stored.what.number <= out.last) {  // a damaged key: it would be passed over, and erased with another
                return sqlite_error::of(SQLITE_CORRUPT);
            }
            out.last = stored.what.number;
            const auto sound = is_sound(stored);
            if (!sound) {
                return sound.error();
            }
            if (*sound) {
                out.events.push_back(std::move(stored.what));
            } else {
                out.damaged.push_back(stored.what.number);
            }
        }
        if (const auto read = cut ? sqlite_result{} : rows.end(); !read) {
            return read.error();
        }
    }
    out.reached_end = !cut && rows_read < limit;
    if (out.reached_end) {
        out.last = std::max(out.last, last_number());  // nothing is left of what came last
    }
    for (auto& one : out.events) {
        for (const auto& done : {add_history(one), forget_earlier_parking(one)}) {
            if (!done) {
                return done.error();
            }
        }
    }
    return out;
}

// Rule 8, and the one thing that a row's checksum does not hold: its number.
result<bool, sqlite_error> outbox::is_sound(const stored_event& stored) {
    if (!stored.sound || stored.own_id) {
        return stored.sound;
    }
    const auto number =
        ledger_.foreign_ids() == 0 ? result<std::optional<sequence>, sqlite_error>{} : foreign_.find(stored.what.id);
    if (!number) {
        return number.error();
    }
    return *number == stored.what.number;
}

sqlite_result outbox::add_history(pending_event& what) {
    if (totals().retrying == 0) {
        return {};
    }
    auto history = retries_.find(what.number);
    if (!history) {
        return history.error();
    }
    what.history = std::move(*history);
    return {};
}

sqlite_result outbox::forget_earlier_parking(const pending_event& what) {
    if (!earlier_parkings_ || what.number >= first_of_this_run_) {
        return {};
    }
    return parking_.forget(what.what.user_id, what.number);
}

result<parked_lanes, sqlite_error> outbox::read_parked_lanes(const parked_lanes_request& request) {
    parked_lanes out;
    out.mark = ledger_.parked_to();
    out.last = request.after;
    for (auto left = std::clamp<std::size_t>(request.max_lanes, 1, slice_rows); left > 0; --left) {
        auto found = parking_.next_lane(out.last);
        if (!found) {
            return found.error();
        }
        out.reached_end = !*found;
        if (out.reached_end) {
            break;
        }
        if ((*found)->first <= out.mark) {
            out.user_ids.push_back((*found)->user_id);
        }
        out.last = std::move((*found)->user_id);
    }
    return out;
}

result<lane_page, sqlite_error> outbox::take_lane(const lane_request& request) {
    lane_page out;
    out.user_id = request.user_id;
    const std::size_t limit = std::clamp<std::size_t>(request.max_events, 1, slice_rows);
    std::size_t bytes = 0;
    sequence after = request.after;
    // Parked numbers whose events are gone are passed over: a page is empty only when nothing is left.
    do {
        const auto numbers = parking_.next(request.user_id, after, request.below, limit + 1);
        if (!numbers) {
            return numbers.error();
        }
        std::size_t taken = 0;
        for (; taken < std::min(numbers->size(), limit); ++taken) {
            after = (*numbers)[taken];
            const auto found = take_parked(after, out, bytes);
            if (!found) {
                return found.error();
            }
            if (*found == parked_row::no_room) {
                break;
            }
            const bool over = *found == parked_row::gone;
            if (const auto done = over ? parking_.forget(request.user_id, after) : sqlite_result{}; !done) {
                return done.error();
            }
        }
        out.more = taken < numbers->size();
    } while (out.more && out.events.empty() && out.damaged.empty());
    return out;
}

// No room: the page has all the bytes it may have without this one.
result<outbox::parked_row, sqlite_error> outbox::take_parked(sequence number, lane_page& into, std::size_t& bytes) {
    {
        auto rows = events_.one(number);
        if (!rows.next()) {
            const auto read = rows.end();
            return read ? result<parked_row, sqlite_error>{parked_row::gone} : read.error();
        }
        bytes += event_table::body_size(rows);
        if (bytes > lane_bytes && !into.events.empty()) {
            return parked_row::no_room;
        }
        auto stored = event_table::read(rows);
        const auto sound = is_sound(stored);
        if (!sound) {
            return sound.error();
        }
        if (!*sound) {
            into.damaged.push_back(number);
            return parked_row::taken;
        }
        into.events.push_back(std::move(stored.what));
    }
    if (const auto done = add_history(into.events.back()); !done) {
        return done.error();
    }
    return parked_row::taken;
}

result<std::optional<event_facts>, sqlite_error> outbox::find_pending(sequence number, const uuid& id) {
    std::optional<event_facts> found;
    {
        auto rows = events_.one(number);
        if (rows.next()) {
            // A damaged event is shown as it stands: only what is sent must be right.
            auto stored = event_table::read(rows);
            if (stored.what.id == id) {
                found.emplace();
                found->id = id;
                found->name = std::move(stored.what.what.name);
                found->user_id = std::move(stored.what.what.user_id);
                found->received_at = stored.what.received_at;
                found->body = std::move(stored.what.what.body);
            }
        }
        if (const auto read = rows.end(); !read) {
            return read.error();
        }
    }
    if (const auto added = found ? add_retries(number, *found) : sqlite_result{}; !added) {
        return added.error();
    }
    return found;
}

sqlite_result outbox::add_retries(sequence number, event_facts& to) {
    if (totals().retrying == 0) {
        return {};
    }
    const auto history = retries_.find(number);
    if (!history || !*history) {
        return history ? sqlite_result{} : history.error();
    }
    to.attempts = (*history)->attempts;
    to.next_attempt_at = (*history)->next_at;
    to.last_error = (*history)->last_error;
    to.response_status = to.last_error ? to.last_error->status : std::nullopt;
    return {};
}

result<std::optional<event_facts>, sqlite_error> outbox::find_at(sequence number, const uuid& id, wall_time now) {
    auto found = find_pending(number, id);
    if (found && !*found) {
        found = delivered_.find(number, id, now);
    }
    if (found && !*found) {
        found = dead_.find(number, id, dead_table::body::with);
    }
    if (found && *found) {
        (*found)->number = number;
    }
    return found;
}

result<std::optional<event_facts>, sqlite_error> outbox::find(const uuid& id, wall_time now) {
    auto found = find_at(sequence_of(id), id, now);
    if (!found || *found || ledger_.foreign_ids() == 0) {
        return found;
    }
    const auto number = foreign_.find(id);
    if (!number || !*number) {
        return number ? found : number.error();
    }
    return find_at(**number, id, now);
}

}  // namespace posthaste
