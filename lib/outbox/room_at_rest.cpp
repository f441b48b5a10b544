#include "lib/outbox/room_at_rest.hpp"

#include <algorithm>

#include <sys/stat.h>

#include "lib/outbox/room.hpp"

namespace posthaste {
namespace {

constexpr std::uint64_t block_bytes = 512;  // of st_blocks, whatever the file system has

struct extent {
    std::uint64_t size = 0;
    std::uint64_t end = 0;  // of its blocks; a compressed file takes fewer than it is long
};

extent extent_of(const std::string& file) {
    struct stat facts{};
    if (::stat(file.c_str(), &facts) != 0) {
        return {};
    }
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    return {.size = size, .end = std::max(size, static_cast<std::uint64_t>(facts.st_blocks) * block_bytes)};
}

std::uint64_t lacked(std::uint64_t wanted, std::uint64_t there) noexcept {
    return wanted - std::min(wanted, there);
}

}  // namespace

std::uint64_t room_lacked_at_rest(const std::string& path) {
    const auto database = extent_of(path);
    const auto log = extent_of(path + "-wal");
    const std::uint64_t end = std::max<std::uint64_t>(database.size, 1) + room_of_database;
    const std::uint64_t wanted = (end + room_step - 1) / room_step * room_step;
    return lacked(wanted, database.end) + lacked(room_of_log, log.end);
}

}  // namespace posthaste
