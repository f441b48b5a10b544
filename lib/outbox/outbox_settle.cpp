// What became of events: the second half of their two writes.

#include <algorithm>
#include <vector>

#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

// How many from the front may be taken in one go: their numbers follow each other without a gap, and `alike` holds
// between neighbours. Events are delivered nearly in their order, so that runs are long when there is much to do.
template <class Alike>
std::size_t run_length(std::span<const settlement* const> sorted, Alike alike) {
    std::size_t size = 1;
    while (size < sorted.size() && sorted[size]->number == sorted[size - 1]->number + 1 &&
           alike(*sorted[size], *sorted[size - 1])) {
        ++size;
    }
    return size;
}

bool any(const settlement& /*a*/, const settlement& /*b*/) {
    return true;
}

bool same_facts(const settlement& a, const settlement& b) {
    return a.at == b.at && a.attempts == b.attempts && a.status == b.status;
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
        const auto run = rest.first(run_length(rest, any));
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
    const auto weight = events_.weigh(what.number, what.number);
    if (!weight) {
        return weight.error();
    }
    const auto buried = dead_.bury(what);
    if (!buried || !*buried) {
        return buried;
    }
    if (const auto erased = erase_pending(what.number, what.number); !erased) {
        return erased.error();
    }
    ledger_.died(weight->bytes);
    return true;
}

result<std::size_t, sqlite_error> outbox::settle_delivered(std::span<const settlement* const> run, retention facts) {
    const sequence first = run.front()->number;
    const sequence last = run.back()->number;
    const auto weight = events_.weigh(first, last);
    if (!weight) {
        return weight.error();
    }
    if (weight->rows == 0) {
        return std::size_t{0};
    }
    if (delivered_.kept() && facts == retention::as_configured) {
        if (const auto kept = remember(run); !kept) {
            return kept.error();
        }
        ledger_.kept_delivered(weight->rows);
    } else if (const auto forgotten = forget_ids(foreign_ids::home::pending, first, last); !forgotten) {
        return forgotten.error();
    }
    if (const auto erased = erase_pending(first, last); !erased) {
        return erased.error();
    }
    ledger_.delivered(weight->rows, weight->bytes);
    return weight->rows;
}

sqlite_result outbox::remember(std::span<const settlement* const> run) {
    while (!run.empty()) {
        const auto alike = run.first(run_length(run, same_facts));
        if (auto kept = delivered_.remember(alike.front()->number, alike.back()->number, *alike.front()); !kept) {
            return kept;
        }
        run = run.subspan(alike.size());
    }
    return {};
}

sqlite_result outbox::erase_pending(sequence first, sequence last) {
    if (auto erased = events_.erase(first, last); !erased || totals().retrying == 0) {
        return erased;
    }
    const auto retries = retries_.erase(first, last);
    if (!retries) {
        return retries.error();
    }
    ledger_.ended_retrying(*retries);
    return {};
}

}  // namespace posthaste
