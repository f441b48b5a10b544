#include "tests/system/support/small_disk.hpp"

#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace posthaste {

small_disk::small_disk(kind which, std::size_t bytes) : trouble_(enter_own_mounts()) {
    if (!trouble_.empty()) return;
    std::filesystem::create_directory(folder());
    if (which == kind::tmpfs) {
        mount_ = std::make_unique<mounted>(
            std::vector<std::string>{"-t", "tmpfs", "-o", "size=" + std::to_string(bytes), "none"}, folder());
        return;
    }
    if (find_tool("mkfs.ext4").empty() || access("/dev/loop-control", R_OK | W_OK) != 0) {
        trouble_ = "mkfs.ext4 or loop devices are missing here";
        return;
    }
    const std::string image = folder_.write("image", "");
    std::filesystem::resize_file(image, bytes);
    run_tool("mkfs.ext4", {"-q", "-m", "0", image});
    mount_ = std::make_unique<mounted>(std::vector<std::string>{"-o", "loop", image}, folder());
}

std::uint64_t small_disk::free_bytes() const {
    struct statvfs found{};
    if (statvfs(folder().c_str(), &found) != 0) throw std::runtime_error("statvfs " + folder());
    return std::uint64_t{found.f_bavail} * found.f_frsize;
}

void small_disk::fill(std::uint64_t left) const {
    const int file = open((folder() + "/filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) throw std::runtime_error("no filler in " + folder());
    // Ever smaller pieces, as others take space meanwhile, and the file system some for itself.
    for (std::uint64_t free = free_bytes(); free > left; free = free_bytes()) {
        off_t piece = static_cast<off_t>(free - left);
        while (piece >= 4096 && posix_fallocate(file, lseek(file, 0, SEEK_END), piece) != 0)
            piece /= 2;
        if (piece < 4096) break;
    }
    close(file);
}

void small_disk::empty() const {
    std::filesystem::remove(folder() + "/filler");
}

}  // namespace posthaste
