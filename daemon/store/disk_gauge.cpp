#include "daemon/store/disk_gauge.hpp"

#include <sys/statvfs.h>

namespace posthaste {

bool disk_gauge::low_with(std::uint64_t free, std::uint64_t reserve, bool was_low) noexcept {
    return free < (was_low ? reserve + reserve / 10 : reserve);
}

bool disk_gauge::low(steady_time now) {
    if (reserve_ == 0 || (asked_ && now - *asked_ < seconds{1})) {
        return low_;
    }
    asked_ = now;
    struct statvfs stat{};
    if (::statvfs(folder_.c_str(), &stat) == 0) {  // not known: as it was; a full disk shows itself in the commit
        low_ = low_with(std::uint64_t{stat.f_bavail} * stat.f_frsize, reserve_, low_);
    }
    return low_;
}

}  // namespace posthaste
