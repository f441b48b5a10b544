#include "daemon/supervisor/file_stamp.hpp"

#include <cstdlib>

#include <sys/stat.h>

namespace posthaste {

namespace {

// Far over the tick by which any local file system takes its times.
constexpr std::int64_t coarse_ns = 2'000'000'000;

std::int64_t nanoseconds_of(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

file_stamp stamp_of(const std::string& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return {};
    return {.device = facts.st_dev,
            .inode = facts.st_ino,
            .size = facts.st_size,
            .modified_ns = nanoseconds_of(facts.st_mtim),
            .changed_ns = nanoseconds_of(facts.st_ctim)};
}

bool may_hide_a_change(const file_stamp& stamp, wall_time now) {
    const auto now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
    return std::abs(now_ns - stamp.changed_ns) < coarse_ns;
}

}  // namespace posthaste
