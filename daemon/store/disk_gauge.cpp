#include "daemon/store/disk_gauge.hpp"

#include <utility>

#include "lib/outbox/files.hpp"

namespace posthaste {
namespace {

constexpr std::uint64_t nearly_nothing = 1024 * 1024;

}  // namespace

bool disk_gauge::low_with(std::uint64_t free, std::uint64_t reserve, bool was_low) noexcept {
    return free < (was_low ? reserve + reserve / 10 : reserve);
}

bool disk_gauge::nearly_full(std::uint64_t taken) const noexcept {
    const auto free = free_bytes();
    return !free || *free < taken + nearly_nothing;
}

std::optional<std::uint64_t> disk_gauge::free_bytes() const noexcept {
    return posthaste::free_bytes(folder_);
}

bool disk_gauge::low(steady_time now, std::uint64_t coming, std::uint64_t missing) {
    came_ += coming;
    // An event is written to the log and to the database, in whole pages: an eighth of the reserve leaves room for
    // that.
    const bool fresh = asked_ && now - *asked_ < seconds{1} && came_ <= reserve_ / 8;
    const bool more = missing > std::exchange(missing_, missing);
    if (fresh && !more) {
        return low_;
    }
    asked_ = now;
    came_ = 0;
    if (const auto free = free_bytes()) {  // not known: as it was; a full disk shows itself in the commit
        low_ = low_with(*free - std::min(*free, missing), reserve_, low_);
    }
    return low_;
}

}  // namespace posthaste
