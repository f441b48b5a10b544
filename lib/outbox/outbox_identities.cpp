// What the upstream said of users: what of it is kept, and for how long (rules 6 and 7).

#include <algorithm>

#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

constexpr std::uint64_t share_of_bytes = 4;  // answers may have a quarter of max_bytes
constexpr std::size_t trim_slice = 128;      // whole bodies go with them

std::uint64_t beyond(std::uint64_t amount, std::uint64_t bound) noexcept {
    return amount > bound ? amount - bound : 0;
}

}  // namespace

sqlite_result outbox::apply(const identity_change& change, wall_time now) {
    if (change.what == identity_change::kind::touch) {
        return identities_.touch(change.key, now);
    }
    const auto before = identities_.weigh(change.key);
    if (!before) {
        return before.error();
    }
    if (change.what == identity_change::kind::keep) {
        return keep_identity(change, *before, now);
    }
    if (*before == 0) {
        return {};
    }
    ledger_.forgot_identities({1, *before});
    return identities_.erase(change.key);
}

// Where the queue is full an answer that would take more of it is left out, and an older one stays, as on a full disk:
// events come first, and the user can be asked for again.
sqlite_result outbox::keep_identity(const identity_change& change, std::uint64_t before, wall_time now) {
    const std::uint64_t bytes = identity_table::weight_of(change.answer);
    const bool fits = bytes <= before || totals().bytes + (bytes - before) <= queue_.max_bytes;
    if (!fits || bytes > queue_.max_bytes / share_of_bytes) {
        return {};
    }
    if (before > 0) {
        ledger_.forgot_identities({1, before});
    }
    ledger_.kept_identity(bytes);
    return identities_.keep(change.key, change.answer, now);
}

// They have a quarter of max_bytes, and of that only what nothing else needs: an event is not refused for their sake,
// as a user can be asked for again.
stored_weight outbox::excess_of_identities() const noexcept {
    const stored_weight kept = ledger_.identities();
    const std::uint64_t others = totals().bytes - kept.bytes;
    const std::uint64_t share = std::min(queue_.max_bytes / share_of_bytes, beyond(queue_.max_bytes, others));
    return {beyond(kept.rows, identity_table::most), beyond(kept.bytes, share)};
}

sqlite_result outbox::trim_identities(wall_time now) {
    const stored_weight excess = excess_of_identities();
    if (excess.rows + excess.bytes == 0) {
        return {};
    }
    const auto dropped = identities_.drop(excess, trim_slice, now);
    if (!dropped) {
        return dropped.error();
    }
    ledger_.forgot_identities(dropped->all ? ledger_.identities() : dropped->gone);  // what damage made of the counters
    return {};
}

}  // namespace posthaste
