#include "lib/outbox/room.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace posthaste {
namespace {

file_handle open_file(const std::string& path) noexcept {
    return file_handle{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY)};
}

// Up to where the extents reach that follow the file's end without a gap. Of very many pieces not all are seen: too
// little is no harm. (https://docs.kernel.org/filesystems/fiemap.html)
std::uint64_t end_of_extents(int file, std::uint64_t size) noexcept {
    constexpr std::size_t most = 64;
    alignas(fiemap) std::array<unsigned char, sizeof(fiemap) + most * sizeof(fiemap_extent)> answer{};
    auto* const map = reinterpret_cast<fiemap*>(answer.data());
    map->fm_start = size;
    map->fm_length = FIEMAP_MAX_OFFSET - size;
    map->fm_extent_count = most;
    if (::ioctl(file, FS_IOC_FIEMAP, map) != 0) {
        return size;
    }
    std::uint64_t end = size;
    for (std::size_t at = 0; at < std::min<std::size_t>(map->fm_mapped_extents, most); ++at) {
        const auto& one = map->fm_extents[at];
        if (one.fe_logical > end || (one.fe_flags & (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC)) != 0) {
            break;
        }
        end = std::max<std::uint64_t>(end, one.fe_logical + one.fe_length);
    }
    return end;
}

// Up to where blocks are there behind the file's end; 0: none are known. The blocks of a tmpfs, which does not tell
// where they are, are counted: there they are nothing but content.
std::uint64_t end_of_blocks(int file) noexcept {
    struct stat found{};
    struct statfs on{};
    if (::fstat(file, &found) != 0 || ::fstatfs(file, &on) != 0) {
        return 0;
    }
    const auto size = static_cast<std::uint64_t>(found.st_size);
    const std::uint64_t end = on.f_type == TMPFS_MAGIC
                                  ? std::uint64_t{512} * static_cast<std::uint64_t>(found.st_blocks)
                                  : end_of_extents(file, size);
    return end > size ? end : 0;
}

int allocate(int file, std::uint64_t from, std::uint64_t end) noexcept {
    int done = 0;
    do {
        done = ::fallocate(file, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from), static_cast<off_t>(end - from));
    } while (done != 0 && errno == EINTR);
    return done == 0 ? 0 : errno;
}

}  // namespace

void kept_room::open_database(const std::string& path) noexcept {
    database_ = {open_file(path)};
    database_.end = end_of_blocks(database_.handle.get());
}

void kept_room::open_log(const std::string& path) noexcept {
    log_ = {open_file(path + "-wal")};
    log_.end = end_of_blocks(log_.handle.get());
}

std::uint64_t kept_room::size_of(const file& of) noexcept {
    struct stat found{};
    return ::fstat(of.handle.get(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

// What does not fit as a whole is taken in part: every step of it is one that nobody else can take.
bool kept_room::take(file& of, std::uint64_t from, std::uint64_t end) noexcept {
    from = std::max(from, of.end);
    if (end <= from || !works_) {
        return true;
    }
    for (std::uint64_t most = end; most > from; most -= std::min(room_step, most - from)) {
        const int reason = allocate(of.handle.get(), from, most);
        if (reason == 0) {
            of.end = most;
            return most == end;
        }
        works_ = reason != EOPNOTSUPP && reason != ENOSYS && reason != EINVAL;
        if (reason != ENOSPC && reason != EDQUOT) {
            return !works_;
        }
    }
    return false;
}

}  // namespace posthaste
