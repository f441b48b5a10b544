// Events that are stored together or not at all, and the keys that keep a repeated request from storing them again.

#include <algorithm>

#include "lib/outbox/outbox.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

constexpr std::uint64_t most_keys_at_all = 1'000'000;
constexpr std::uint64_t share_of_bytes = 4;  // keys may have a quarter of max_bytes
constexpr std::size_t trim_slice = 128;
constexpr std::size_t most_trimmed = 8192;  // more than one commit can bring

}  // namespace

result<outbox::submitted, sqlite_error> outbox::recall(const submission& what, receipt& told, wall_time now) {
    if (!what.key) {
        return submitted::queue_full;
    }
    const auto found = keys_.find(*what.key, now);
    if (!found) {
        return found.error();
    }
    if (!*found || (*found)->over) {
        return submitted::queue_full;
    }
    if ((*found)->request != what.key->request) {
        return submitted::key_reused;
    }
    told = (*found)->stands_for;
    told.replayed = true;
    return submitted::replayed;
}

result<outbox::submitted, sqlite_error> outbox::submit(submission& what, receipt& told, wall_time now,
                                                       std::uint64_t random) {
    const auto known = recall(what, told, now);
    if (!known || *known != submitted::queue_full) {
        return known;
    }
    std::uint64_t bytes = what.key ? key_table::row_bytes : 0;
    for (const auto& one : what.events) {
        bytes += row_bytes(one.what);
    }
    if (!has_room_for(bytes, what.events.size())) {
        if (what.events.size() == 1) {  // a batch is not what the next one posts
            note_refused(bytes);
        }
        return submitted::queue_full;
    }
    // One random number for all, so that the first id tells the others.
    for (auto& one : what.events) {
        admit(one, now, random);
    }
    told = {.first = what.events.front().id, .events = what.events.size()};
    if (!what.key) {
        return submitted::stored;
    }
    ledger_.noted_key(key_table::row_bytes);
    const auto kept = keys_.note(what.events.front().number, *what.key, told);
    return kept ? result<submitted, sqlite_error>{submitted::stored} : kept.error();
}

sqlite_result outbox::restore_key(const idempotency& key, const receipt& stands_for) {
    const sequence first = sequence_of(stands_for.first);
    ledger_.use_up(first + stands_for.events - 1);
    ledger_.noted_key(key_table::row_bytes);
    const auto kept = keys_.note(first, key, stands_for);
    return kept ? keys_.carry_on() : kept;
}

std::uint64_t outbox::most_keys() const noexcept {
    return std::min(most_keys_at_all, queue_.max_bytes / share_of_bytes / key_table::row_bytes);
}

sqlite_result outbox::trim_keys(wall_time now) {
    if (auto carried = keys_.carry_on(); !carried) {
        return carried;
    }
    const std::uint64_t kept = ledger_.keys();
    if (kept == 0) {
        return {};
    }
    const std::uint64_t excess = kept > most_keys() ? kept - most_keys() : 0;
    const auto last = keys_.due(excess, std::clamp<std::size_t>(excess, trim_slice, most_trimmed), now);
    if (!last || *last == 0) {
        return last ? sqlite_result{} : last.error();
    }
    const auto dropped = keys_.drop_through(*last);
    if (!dropped) {
        return dropped.error();
    }
    ledger_.dropped_keys(*dropped, *dropped * key_table::row_bytes, excess > 0);
    return {};
}

}  // namespace posthaste
