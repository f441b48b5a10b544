// What the upstream said of users: what of it is kept, and for how long (rules 6 and 7).

#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

constexpr std::size_t trim_slice = 128;  // whole bodies go with them

std::uint64_t beyond(std::uint64_t amount, std::uint64_t bound) noexcept {
    return amount > bound ? amount - bound : 0;
}

}  // namespace

sqlite_result outbox::apply(const identity_change& change) {
    if (change.what == identity_change::kind::touch) {
        return identities_.touch(change.key, change.answer.used_at);
    }
    const auto before = identities_.weigh(change.key);
    if (!before) {
        return before.error();
    }
    if (change.what == identity_change::kind::keep) {
        return keep_identity(change, *before);
    }
    if (*before == 0) {
        return {};
    }
    ledger_.forgot_identities({1, *before});
    return identities_.erase(change.key);
}

sqlite_result outbox::keep_identity(const identity_change& change, std::uint64_t before) {
    if (before > 0) {
        ledger_.forgot_identities({1, before});
    }
    ledger_.kept_identity(identity_table::weight_of(change.answer));
    return identities_.keep(change.key, change.answer);
}

stored_weight outbox::excess_of_identities() const noexcept {
    const stored_weight kept = ledger_.identities();
    return {beyond(kept.rows, identity_table::most), 0};
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
