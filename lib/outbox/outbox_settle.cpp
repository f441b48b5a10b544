// What became of events: the second half of their two writes.

#include <algorithm>
#include <vector>

#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

// How many from the front follow each other without a gap. Events are delivered nearly in their order, so that runs are
// long when there is much to do.
std::size_t run_length(std::span<const settlement* const> sorted) {
    std::size_t size = 1;
    while (size < sorted.size() && sorted[size]->number == sorted[size - 1]->number + 1) {
        ++size;
    }
    return size;
}

}  // namespace

result<std::size_t, sqlite_error> outbox::settle(std::span<const settlement> what, retention facts) {
    // An event may have failed and be delivered or dead within one batch, never the other way round.
    std::size_t unknown = 0;
    std::vector<const settlement*> delivered;
    delivered.reserve(what.size());
    using kinds = settlement::kind;
    for (const auto kind : {kinds::failed, kinds::dead, kinds::discarded, kinds::delivered}) {
        for (const auto& one : what) {
            if (one.what != kind) {
                continue;
            }
            if (kind == kinds::delivered) {
                delivered.push_back(&one);
                continue;
            }
            const auto known = kind == kinds::failed ? settle_failed(one)
                               : kind == kinds::dead ? settle_dead(one)
                                                     : settle_discarded(one);
            if (!known) {
                return known.error();
            }
            // What a person discards may have been delivered a moment before.
            unknown += *known || kind == kinds::discarded ? 0 : 1;
        }
    }
    std::ranges::sort(delivered, {}, [](const settlement* one) { return one->number; });
    for (std::span<const settlement* const> rest = delivered; !rest.empty();) {
        const auto run = rest.first(run_length(rest));
        const auto known = settle_delivered(run, facts);
        if (!known) {
            return known.error();
        }
        unknown += run.size() - *known;
        rest = rest.subspan(run.size());
    }
    return unknown;
}

result<bool, sqlite_error> outbox::settle_failed(const settlement& what) {
    const auto noted = retries_.note(what.number, what.history);
    if (!noted) {
        return noted.error();
    }
    if (*noted == retry_table::noted::first) {
        ledger_.began_retrying(1);
    }
    return *noted != retry_table::noted::unknown_event;
}

result<bool, sqlite_error> outbox::settle_dead(const settlement& what) {
    const auto buried = dead_.bury(what);
    if (!buried || !*buried) {
        return buried;
    }
    const auto erased = erase_pending(what.number, what.number);
    if (!erased) {
        return erased.error();
    }
    ledger_.died(erased->bytes);
    return true;
}

result<std::size_t, sqlite_error> outbox::settle_delivered(std::span<const settlement* const> run, retention facts) {
    const bool keeps = delivered_.kept() && facts == retention::as_configured;
    const auto erased = keeps ? keep_facts(run) : forget(run.front()->number, run.back()->number);
    if (!erased) {
        return erased.error();
    }
    ledger_.delivered(erased->rows, erased->bytes);
    return erased->rows;
}

result<stored_weight, sqlite_error> outbox::keep_facts(std::span<const settlement* const> run) {
    facts_runs kept;
    const sequence first = run.front()->number;
    const auto keep = [&](const leaving_event& one) {
        if (one.number - first >= run.size()) {
            return;  // of a damaged page, whose rows are in no order
        }
        const settlement& what = *run[one.number - first];
        kept.add(one.number, {.id = one.id,
                              .received_at = one.received_at,
                              .delivered_at = what.at,
                              .attempts = what.attempts,
                              .status = what.status,
                              .user_id = one.user_id,
                              .name = one.name});
        ledger_.kept_delivered(1);
    };
    const auto erased = erase_pending(first, run.back()->number, keep);
    if (!erased) {
        return erased;
    }
    const auto written = delivered_.keep(kept);
    return written ? erased : written.error();
}

result<stored_weight, sqlite_error> outbox::forget(sequence first, sequence last) {
    if (const auto forgotten = forget_ids(foreign_ids::home::pending, first, last); !forgotten) {
        return forgotten.error();
    }
    return erase_pending(first, last);
}

result<stored_weight, sqlite_error> outbox::erase_pending(sequence first, sequence last, const leave_taker& take) {
    const auto erased = take ? events_.erase(first, last, take) : events_.erase(first, last);
    if (!erased || totals().retrying == 0) {
        return erased;
    }
    const auto retries = retries_.erase(first, last);
    if (!retries) {
        return retries.error();
    }
    ledger_.ended_retrying(*retries);
    return erased;
}

}  // namespace posthaste
