#include "lib/outbox/room.hpp"

#include <cerrno>

#include <fcntl.h>

namespace posthaste {
namespace {

file_handle open_file(const std::string& path) noexcept {
    return file_handle{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY)};
}

}  // namespace

void kept_room::open_database(const std::string& path) noexcept {
    database_ = {open_file(path)};
}

void kept_room::open_log(const std::string& path) noexcept {
    log_ = {open_file(path + "-wal")};
}

bool kept_room::take(file& of, std::uint64_t from, std::uint64_t end) noexcept {
    if (end <= of.end || !works_) {
        return true;
    }
    const auto size = static_cast<off_t>(end - from);
    int done = 0;
    do {
        done = ::fallocate(of.handle.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from), size);
    } while (done != 0 && errno == EINTR);
    if (done != 0 && (errno == ENOSPC || errno == EDQUOT)) {
        return false;
    }
    works_ = done == 0;
    of.end = works_ ? end : of.end;
    return true;
}

}  // namespace posthaste
