// What a recovery could not save, and what may be lost with it.

#include <algorithm>

#include "lib/outbox/recover.hpp"

namespace posthaste {
namespace {

bool was_read_whole(const recovery_report& report) noexcept {
    const bool log_used = report.write_ahead_log == log_use::absent || report.write_ahead_log == log_use::whole;
    return log_used && report.unreadable_bytes == 0;
}

// Where a row is wrong, its number may be what is wrong with it. And a page can lose rows without a trace.
bool lost_any_number(const table_recovery& table, std::uint64_t counted) noexcept {
    return table.damaged > 0 || (table.unreadable.empty() && counted > table.saved);
}

bool is_unreadable(const table_recovery& table, sequence number) noexcept {
    const auto at = static_cast<std::int64_t>(number);
    const auto range = std::ranges::lower_bound(table.unreadable, at, {}, &id_range::last);
    return range != table.unreadable.end() && range->first <= at;
}

}  // namespace

bool recovery_report::may_have_lost(sequence number) const noexcept {
    const auto by_count = counted.value_or(outbox_totals{});
    return !was_read_whole(*this) || lost_any_number(pending, by_count.pending) ||
           lost_any_number(dead, by_count.dead) || is_unreadable(pending, number) || is_unreadable(dead, number);
}

bool recovery_report::complete() const noexcept {
    for (const auto* table : {&pending, &dead, &delivered, &histories, &keys}) {
        if (table->damaged > 0 || !table->unreadable.empty()) {
            return false;
        }
    }
    return was_read_whole(*this) && keys_dropped == 0 && counted && counted->pending <= pending.saved &&
           counted->dead <= dead.saved;
}

}  // namespace posthaste
