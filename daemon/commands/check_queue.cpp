#include "daemon/commands/check_queue.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/path_text.hpp"
#include "lib/base/quantity.hpp"
#include "lib/outbox/count_at_rest.hpp"
#include "lib/outbox/files.hpp"
#include "lib/outbox/log_check.hpp"
#include "lib/outbox/migrations.hpp"
#include "lib/outbox/outbox.hpp"
#include "lib/outbox/room_at_rest.hpp"

namespace posthaste {

namespace {

// https://www.sqlite.org/fileformat.html, "The Database Header".
constexpr std::size_t header_bytes = 100;
constexpr std::size_t page_count_offset = 28;
constexpr std::uint64_t page_bytes = 4096;  // of every outbox
constexpr std::string_view header_magic{"SQLite format 3\0", 16};
constexpr std::size_t user_version_offset = 60;
constexpr std::size_t application_id_offset = 68;

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

check_step queue_step(exit_code code, std::string detail) {
    return {"queue", code, std::move(detail)};
}

check_step refused(const start_failure& failure) {
    return queue_step(failure.code, failure.message);
}

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes.substr(0, 4)) {
        value = value << 8 | static_cast<unsigned char>(byte);
    }
    return value;
}

// Or may be one, behind what we may not look into.
bool may_be_folder(const std::string& path) {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) != 0 || S_ISDIR(facts.st_mode);
}

bool is_usable_folder(const std::string& folder) {
    return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

// The lock's holder while a daemon runs on this outbox; "" when none does. Only looks: no lock file is made, and the
// lock is given back at once.
std::string running_daemon(const std::string& path) {
    const file_handle lock(::open((path + ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!lock || ::flock(lock.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return "";
    char text[32] = {};
    const auto size = ::pread(lock.get(), text, sizeof text - 1, 0);
    const long pid = size > 0 ? std::strtol(text, nullptr, 10) : 0;
    return pid > 0 ? "pid " + std::to_string(pid) : "pid unknown";
}

std::optional<check_step> use_by_daemon(const std::string& path) {
    const auto holder = running_daemon(path);
    if (holder.empty()) return std::nullopt;
    return queue_step(exit_code::done, printable_path(path) + " is in use by the running daemon, " + holder);
}

std::optional<check_step> header_fault(const std::string& path, int descriptor) {
    char bytes[header_bytes];
    const auto size = ::pread(descriptor, bytes, sizeof bytes, 0);
    if (size == 0) return std::nullopt;  // as good as new
    if (size < 0) return queue_step(exit_code::failed, printable_path(path) + " cannot be read: " + reason_of(errno));
    const std::string_view header(bytes, static_cast<std::size_t>(size));
    if (header.size() < header_bytes || !header.starts_with(header_magic)) {
        return queue_step(exit_code::outbox_damaged,
                          printable_path(path) + " is damaged or no outbox: " + damage_advice(path));
    }
    if (big_endian(header.substr(application_id_offset)) != outbox_application_id) {
        return queue_step(exit_code::usage,
                          printable_path(path) + " is a database of another program: set queue.path to another place");
    }
    if (const auto version = big_endian(header.substr(user_version_offset));
        version > static_cast<std::uint32_t>(outbox_schema_version())) {
        return queue_step(exit_code::usage, printable_path(path) + " was written by a newer posthaste (version " +
                                                std::to_string(version) + " of its tables): run that one");
    }
    return std::nullopt;
}

// A log that holds something may bring what the file has not yet.
std::optional<check_step> length_fault(const std::string& path, int descriptor, std::uint64_t size) {
    char count[4] = {};
    if (!is_empty(path + "-wal") || ::pread(descriptor, count, sizeof count, page_count_offset) != sizeof count) {
        return std::nullopt;
    }
    const std::uint64_t pages = big_endian({count, sizeof count});
    const std::uint64_t there = (size + page_bytes - 1) / page_bytes;
    if (there >= pages) return std::nullopt;
    return queue_step(exit_code::outbox_damaged, printable_path(path) + " is damaged: it is cut off, with " +
                                                     std::to_string(there) + " of its " + std::to_string(pages) +
                                                     " pages; " + damage_advice(path));
}

std::optional<check_step> fault_without_database(const std::string& path) {
    return is_empty(path + "-wal") ? std::nullopt : std::optional(refused(log_alone(path)));
}

std::optional<check_step> fault_of_empty(const std::string& path) {
    if (auto fault = fault_without_database(path)) return fault;
    const auto lock = lock_for_reading(path);
    if (!lock || !*lock) return std::nullopt;
    const auto new_one = refuse_emptied(path, *lock);
    return new_one ? std::nullopt : std::optional(refused(new_one.error()));
}

// In the order in which the start would find it.
std::optional<check_step> file_fault(const queue_settings& queue) {
    const std::string& path = queue.path;
    const file_handle file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!file && errno == ENOENT) return fault_without_database(path);
    if (!file && errno == EISDIR)
        return queue_step(exit_code::failed,
                          printable_path(path) + " cannot be opened: queue.path names a folder: name a file in it");
    struct stat facts{};
    if (!file || ::fstat(file.get(), &facts) != 0) {
        return queue_step(exit_code::failed, printable_path(path) + " cannot be opened: " + reason_of(errno) +
                                                 "; it must belong to the user that posthaste runs as");
    }
    if (!S_ISREG(facts.st_mode)) return queue_step(exit_code::failed, printable_path(path) + " is no regular file");
    if (auto fault = header_fault(path, file.get())) return fault;
    if (auto fault = length_fault(path, file.get(), static_cast<std::uint64_t>(facts.st_size))) return fault;
    if (facts.st_size == 0) return fault_of_empty(path);
    if (log_lost_commits(path + "-wal", queue.durability)) return refused(damaged_log(path));
    if (const auto read = outbox::look_at_rest(queue); !read) return refused(read.error());
    return std::nullopt;
}

// As a run counts: what the outbox will take for itself is not there for events.
std::optional<check_step> space_fault(const queue_settings& queue, const std::string& folder) {
    const auto free = free_bytes(folder);
    const std::uint64_t lacked = room_lacked_at_rest(queue.path);
    if (!free || *free >= queue.disk_reserve + lacked) return std::nullopt;
    const std::string room =
        lacked == 0 ? ""
                    : " and the " + std::to_string((lacked + MiB - 1) / MiB) + "MiB that the outbox has yet to take";
    return queue_step(exit_code::failed, "only " + std::to_string(*free / MiB) + "MiB are free at " +
                                             printable_path(folder) + ", less than queue.disk_reserve (" +
                                             size_text(queue.disk_reserve) + ")" + room +
                                             ": no event would be accepted");
}

// Also what the package goes by when it is purged.
std::string contents_of(const std::string& path) {
    const auto held = count_at_rest(path);
    if (!held) return "";
    return "; it holds " + std::to_string(held->pending) + " pending and " + std::to_string(held->dead) +
           " dead events";
}

// A folder of the system's own is never to be given away: only the outbox's.
std::string advice_for(const std::string& folder, const std::string& there) {
    const std::string give = folder == there ? "; give it" : "; make " + printable_path(folder) + " and give it";
    return give + " to the user that posthaste runs as, or set queue.path to a file elsewhere";
}

}  // namespace

std::string existing_ancestor(std::string folder) {
    while (::access(folder.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR) && folder != "." &&
           folder != "/") {
        folder = folder_of(folder);
    }
    return folder;
}

check_step check_queue(const queue_settings& configured) {
    queue_settings queue = configured;
    queue.path = resolved(configured.path);
    const std::string& path = queue.path;
    if (leads_nowhere(path)) return refused(nowhere(path));
    if (auto used = use_by_daemon(path)) {
        auto low = space_fault(queue, folder_of(path));  // what a daemon that runs lacks, too
        return low ? *std::move(low) : *std::move(used);
    }
    const auto folder = folder_of(path);
    const auto there = existing_ancestor(folder);
    if (!may_be_folder(there)) {
        return queue_step(exit_code::failed, printable_path(there) +
                                                 " is no folder, so that nothing can stand in it: set "
                                                 "queue.path to a file elsewhere");
    }
    if (!is_usable_folder(there)) {
        return queue_step(exit_code::failed, "the folder " + printable_path(there) + " cannot be written to: " +
                                                 reason_of(errno) + advice_for(folder, there));
    }
    if (auto marked = refuse_marked(path); !marked) return refused(marked.error());
    if (auto fault = file_fault(queue)) {
        // One that was started meanwhile changed the file while it was read.
        auto used = use_by_daemon(path);
        return used ? *std::move(used) : *std::move(fault);
    }
    if (auto fault = space_fault(queue, there)) return *std::move(fault);
    if (::access(path.c_str(), F_OK) == 0)
        return queue_step(exit_code::done, printable_path(path) + " can be used" + contents_of(path));
    return queue_step(exit_code::done, printable_path(path) + " is not there yet, and can be made");
}

}  // namespace posthaste
