// What a person does with events that were given up: they are sent again, or removed.

#include <algorithm>

#include "lib/outbox/outbox.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

constexpr std::size_t dead_slice = 500;
constexpr std::uint64_t slice_bytes = 1 * MiB;  // so much of bodies ends a slice

}  // namespace

result<selection_page, sqlite_error> outbox::select(const selection_request& request) {
    auto found = selection_.read(request);
    if (found) {
        found->newest = last_number();
    }
    return found;
}

result<dead_report, sqlite_error> outbox::apply(const dead_request& request) {
    selection_request slice = request.which;
    slice.limit = std::min(slice.limit, dead_slice);
    const auto found = selection_.read(slice);
    if (!found) {
        return found.error();
    }
    dead_report out{.last = found->last, .reached_end = found->reached_end};
    std::uint64_t bytes = 0;
    for (std::size_t n = 0; n < found->numbers.size(); ++n) {
        const sequence number = found->numbers[n];
        const auto weight = request.what == dead_request::kind::retry ? revive(number) : discard_dead(number);
        if (!weight) {
            return weight.error();
        }
        ++(*weight ? out.done : out.skipped);
        bytes += weight->value_or(0);
        if (bytes >= slice_bytes && n + 1 < found->numbers.size()) {
            out.last = number;
            out.reached_end = false;
            break;
        }
    }
    return out;
}

// The event goes to the end of the queue, and so of its lane, with its id and time and without a history.
result<std::optional<std::uint64_t>, sqlite_error> outbox::revive(sequence number) {
    pending_event revived;
    {
        auto rows = dead_.one(number);
        if (!rows.next()) {
            if (const auto read = rows.end(); !read) {
                return read.error();
            }
            return std::optional<std::uint64_t>{};
        }
        auto stored = event_table::read(rows);
        const auto sound = is_sound(stored);
        if (!sound) {
            return sound.error();
        }
        if (!*sound) {
            return std::optional<std::uint64_t>{};
        }
        revived = std::move(stored.what);
    }
    const auto weight = dead_.weigh(number);
    if (!weight) {
        return weight.error();
    }
    revived.number = ledger_.take_number();
    if (const auto noted = note_foreign_id(revived); !noted) {
        return noted.error();
    }
    if (const auto erased = erase_dead(number); !erased) {
        return erased.error();
    }
    if (const auto inserted = events_.insert(revived); !inserted) {
        return inserted.error();
    }
    ledger_.revived(*weight, row_bytes(revived.what));
    return std::optional(*weight);
}

result<std::optional<std::uint64_t>, sqlite_error> outbox::discard_dead(sequence number) {
    const auto weight = dead_.weigh(number);
    if (!weight) {
        return weight.error();
    }
    if (const auto erased = erase_dead(number); !erased) {
        return erased.error();
    }
    ledger_.discarded_dead(*weight);
    return std::optional(*weight);
}

sqlite_result outbox::erase_dead(sequence number) {
    if (auto forgotten = forget_ids(foreign_ids::home::dead, number, number); !forgotten) {
        return forgotten;
    }
    dead_.forget_expiry();
    return dead_.erase(number);
}

result<bool, sqlite_error> outbox::settle_discarded(const settlement& what) {
    const auto erased = forget(what.number, what.number);
    if (!erased) {
        return erased.error();
    }
    ledger_.discarded_pending(erased->rows, erased->bytes);
    return erased->rows > 0;
}

}  // namespace posthaste
