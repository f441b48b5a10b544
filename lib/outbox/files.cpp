#include "lib/outbox/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/path_text.hpp"

namespace posthaste {
namespace {

// Rule 14.
constexpr mode_t private_file = 0600;
constexpr mode_t private_folder = 0700;

start_failure failure(exit_code code, const std::string& what, const std::string& path, const std::string& advice) {
    return {code, "cannot " + what + " " + printable_path(path) + ": " + std::strerror(errno) + advice};
}

// Whole or not at all is not needed here: the texts are a line or two.
bool write_text(int descriptor, std::string_view text) noexcept {
    return ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// The lock file: our pid in the first line, and in the second whether an outbox was made.
constexpr std::string_view made_line = "made\n";

std::string read_lock(int descriptor) {
    std::array<char, 64> text{};
    const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

bool says_made(int descriptor) {
    const std::string text = read_lock(descriptor);
    const auto line = text.find('\n');
    return line != std::string::npos && text.compare(line + 1, made_line.size(), made_line) == 0;
}

// In the place of what it said: a full disk has no new block for it.
void write_lock(int descriptor, bool made) noexcept {
    std::array<char, 64> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%ld\n%s", static_cast<long>(::getpid()), made ? made_line.data() : "");
    if (::lseek(descriptor, 0, SEEK_SET) == 0 &&
        write_text(descriptor, {text.data(), static_cast<std::size_t>(size)})) {
        [[maybe_unused]] const int cut = ::ftruncate(descriptor, size);  // what is left behind it is no line of ours
    }
}

std::string holder_of(int descriptor) {
    const long pid = std::strtol(read_lock(descriptor).c_str(), nullptr, 10);
    return pid > 0 ? "process " + std::to_string(pid) : "another process";
}

start_failure not_locked(const std::string& path, const std::string& lock, int descriptor) {
    if (errno != EWOULDBLOCK) {
        return failure(exit_code::failed, "lock", lock, "; the file system must support locks");
    }
    if (::flock(descriptor, LOCK_SH | LOCK_NB) == 0) {
        return {exit_code::locked_or_in_use, "the outbox " + printable_path(path) +
                                                 " is being read by posthaste check or recover; wait until that ends"};
    }
    return {exit_code::locked_or_in_use,
            "the outbox " + printable_path(path) + " is in use by " + holder_of(descriptor) + "; stop that one first"};
}

}  // namespace

file_handle::~file_handle() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

file_handle::file_handle(file_handle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

file_handle& file_handle::operator=(file_handle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

std::optional<std::uint64_t> free_bytes(const std::string& folder) noexcept {
    struct statvfs found{};
    return ::statvfs(folder.c_str(), &found) == 0 ? std::optional{std::uint64_t{found.f_bavail} * found.f_frsize}
                                                  : std::nullopt;
}

std::string folder_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string resolved(const std::string& path) {
    std::error_code failed;
    if (!std::filesystem::is_symlink(path, failed)) {
        return path;
    }
    const auto target = std::filesystem::canonical(path, failed);
    return failed ? path : target.string();
}

bool leads_nowhere(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_symlink(path, ignored) && !std::filesystem::exists(path, ignored);
}

start_failure nowhere(const std::string& path) {
    return {exit_code::failed, printable_path(path) +
                                   " is a symbolic link to a file that is not there: remove the link, or set "
                                   "queue.path to the file that it should lead to"};
}

result<void, start_failure> fsync_folder(const std::string& folder) {
    const file_handle handle{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!handle || ::fsync(handle.get()) != 0) {
        return failure(exit_code::write_failed, "sync the folder", folder, "");
    }
    return {};
}

result<void, start_failure> make_folders(const std::string& folder) {
    std::vector<std::string> missing;
    for (std::string at = folder; ::access(at.c_str(), F_OK) != 0 && errno == ENOENT; at = folder_of(at)) {
        missing.push_back(at);
    }
    for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
        if (::mkdir(at->c_str(), private_folder) != 0 && errno != EEXIST) {
            return failure(exit_code::failed, "make the outbox's folder", *at,
                           "; make it yourself, or set queue.path to a place that posthaste may write to");
        }
        for (const auto& made : {*at, folder_of(*at)}) {
            if (auto synced = fsync_folder(made); !synced) {
                return synced;
            }
        }
    }
    return {};
}

result<file_handle, start_failure> lock_outbox(const std::string& path) {
    const std::string lock = path + ".lock";
    file_handle handle{::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file)};
    if (!handle) {
        return failure(exit_code::failed, "open the lock file", lock,
                       "; the outbox's folder must be there and writable for the user that posthaste runs as");
    }
    if (::flock(handle.get(), LOCK_EX | LOCK_NB) != 0) {
        return not_locked(path, lock, handle.get());
    }
    write_lock(handle.get(), says_made(handle.get()));  // on a full disk the lock holds all the same
    return handle;
}

void mark_made(const file_handle& lock) noexcept {
    if (!says_made(lock.get())) {
        write_lock(lock.get(), true);
        ::fdatasync(lock.get());
    }
}

result<void, start_failure> refuse_emptied(const std::string& path, const file_handle& lock) {
    struct stat found{};
    const bool there = ::stat(path.c_str(), &found) == 0;
    if (there && found.st_size == 0 && says_made(lock.get())) {
        return start_failure{
            exit_code::outbox_damaged,
            "the outbox " + printable_path(path) +
                " is empty, but was made before, as its lock file says: every event in it is gone. "
                "Check the disk, and bring back a copy where there is one; to start with a new outbox, "
                "remove the empty file:  rm " +
                shell_word(path)};
    }
    if (!there && says_made(lock.get())) {
        write_lock(lock.get(), false);
        ::fdatasync(lock.get());
    }
    return {};
}

result<file_handle, start_failure> lock_for_reading(const std::string& path) {
    const std::string lock = path + ".lock";
    file_handle handle{::open(lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!handle && errno == ENOENT) {
        return handle;  // whoever runs has made it
    }
    if (!handle) {
        return failure(exit_code::failed, "open the lock file", lock, "; run this as the user that posthaste runs as");
    }
    if (::flock(handle.get(), LOCK_SH | LOCK_NB) != 0) {
        return not_locked(path, lock, handle.get());
    }
    return handle;
}

result<working_folder, start_failure> working_folder::make(const std::string& prefix, const std::string& advice) {
    std::string pattern = prefix + "XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        return failure(exit_code::write_failed, "make the working folder", prefix + "XXXXXX", advice);
    }
    return working_folder{pattern};
}

working_folder::~working_folder() {
    if (!path_.empty()) {
        std::error_code ignored;  // what is left over does no harm
        std::filesystem::remove_all(path_, ignored);
    }
}

std::string damage_advice(const std::string& path) {
    return "nothing was overwritten; check the disk, save what can still be read with  posthaste recover --from " +
           shell_word(path) + " --to " + shell_word(path + ".recovered") + "  and do what that says at its end";
}

result<void, start_failure> refuse_marked(const std::string& path) {
    const std::string marker = path + ".damaged";
    if (::access(marker.c_str(), F_OK) != 0) {
        return {};
    }
    return start_failure{exit_code::outbox_damaged, "an earlier run found the outbox damaged and left " +
                                                        printable_path(marker) + " to say so: " + damage_advice(path)};
}

void leave_marker(const std::string& path, std::string_view finding) noexcept {
    const std::string marker = path + ".damaged";
    const file_handle handle{::open(marker.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file)};
    if (handle) {
        write_text(handle.get(), finding);
        ::fsync(handle.get());
        static_cast<void>(fsync_folder(folder_of(path)));  // best effort
    }
}

result<void, start_failure> settle_on_disk(const std::string& file) {
    const file_handle handle{::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY)};
    if (!handle && errno == ENOENT) {
        return {};
    }
    struct stat facts{};
    const bool is_folder = !handle && errno == EISDIR;
    if (is_folder || (handle && ::fstat(handle.get(), &facts) == 0 && !S_ISREG(facts.st_mode))) {
        return start_failure{exit_code::failed, printable_path(file) +
                                                    (is_folder ? " is a folder" : " is no regular file") +
                                                    ": set queue.path to a file, which is made where it is missing"};
    }
    if (!handle) {
        return failure(exit_code::failed, "open", file,
                       "; it must belong to the user that posthaste runs as, who must be able to read and write it");
    }
    if (::fdatasync(handle.get()) != 0) {
        return failure(exit_code::write_failed, "sync", file, "; check the disk");
    }
    ::posix_fadvise(handle.get(), 0, 0, POSIX_FADV_DONTNEED);  // only advice: a cached page is no harm by itself
    return {};
}

bool is_empty(const std::string& file) noexcept {
    struct stat found{};
    return ::stat(file.c_str(), &found) != 0 || found.st_size == 0;
}

result<bool, start_failure> make_file(const std::string& file) {
    const file_handle handle{::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, private_file)};
    if (!handle && errno != EEXIST) {
        return failure(exit_code::failed, "make", file, "");
    }
    if (!handle && leads_nowhere(file)) {
        return nowhere(file);
    }
    return static_cast<bool>(handle);
}

start_failure log_alone(const std::string& path) {
    return {exit_code::outbox_damaged, "the outbox " + printable_path(path) +
                                           " is empty or gone, but its write-ahead log is not; " + damage_advice(path)};
}

start_failure damaged_log(const std::string& path) {
    return {exit_code::outbox_damaged, "the write-ahead log of the outbox " + printable_path(path) +
                                           " is damaged, and events that were acknowledged stand in it behind that "
                                           "place; " +
                                           damage_advice(path) +
                                           ". If it ran with queue.durability at \"process\" until the power went, "
                                           "that is what such a log looks like: start it once with that"};
}

}  // namespace posthaste
