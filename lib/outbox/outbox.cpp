#include "lib/outbox/outbox.hpp"

#include "lib/base/require.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

constexpr int checkpoint_pages = 1000;
constexpr std::size_t trim_slice = 500;

}  // namespace

sqlite_result outbox::begin() {
    ledger_.begin();
    return begin_.run();
}

sqlite_result outbox::commit() {
    auto saved = ledger_.save();
    return saved ? commit_.run() : saved;
}

void outbox::rollback() {
    if (database_.in_transaction()) {  // SQLITE_FULL may have ended it by itself
        REQUIRE(database_.execute("ROLLBACK"), "SQLite can always roll back");
    }
    ledger_.forget();
    delivered_.forget_expiry();
}

bool outbox::is_full() const noexcept {
    const auto& t = totals();
    return t.pending + t.dead >= queue_.max_events || t.bytes >= queue_.max_bytes;
}

result<outbox::admission, sqlite_error> outbox::append(pending_event& what, wall_time now, std::uint64_t random) {
    const std::uint64_t bytes = row_bytes(what.what);
    if (is_full() || totals().bytes + bytes > queue_.max_bytes) {
        return admission::queue_full;
    }
    what.number = ledger_.take_number();
    what.id = make_event_id(now, what.number, random);
    what.received_at = now;
    if (const auto inserted = events_.insert(what, bytes); !inserted) {
        return inserted.error();
    }
    ledger_.accepted(bytes);
    return admission::taken;
}

sqlite_result outbox::park(std::span<const parked_event> what) {
    for (const auto& one : what) {
        if (auto parked = parking_.park(one); !parked) {
            return parked;
        }
    }
    return {};
}

sqlite_result outbox::trim_delivered(wall_time now) {
    const std::uint64_t kept = ledger_.delivered_kept();
    if (kept == 0) {
        return {};
    }
    const auto dropped = delivered_.trim(kept > max_delivered_kept ? kept - max_delivered_kept : 0, trim_slice, now);
    if (!dropped) {
        return dropped.error();
    }
    ledger_.forgot_delivered(*dropped);
    return {};
}

result<std::optional<wall_time>, sqlite_error> outbox::next_trim() {
    return ledger_.delivered_kept() == 0 ? std::optional<wall_time>{} : delivered_.next_expiry();
}

bool outbox::checkpoint_due() const noexcept {
    return database_.wal_pages() >= checkpoint_pages;
}

}  // namespace posthaste
