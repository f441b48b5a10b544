// The files around the database: folders, the lock, what is done to db and -wal before they are opened, the marker.
//
// Plain system calls on the calling thread. Errors are sentences for a person, with the path and what to do.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.hpp"

namespace posthaste {

// A file descriptor that closes itself.
class file_handle {
  public:
    file_handle() noexcept = default;
    explicit file_handle(int descriptor) noexcept : descriptor_(descriptor) {}
    ~file_handle();

    file_handle(file_handle&& other) noexcept;
    file_handle& operator=(file_handle&& other) noexcept;

    [[nodiscard]] int get() const noexcept { return descriptor_; }
    [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

// What the file system there has free for us; empty: not known.
[[nodiscard]] std::optional<std::uint64_t> free_bytes(const std::string& folder) noexcept;

// The folder that `path` stands in; "." where it names none.
[[nodiscard]] std::string folder_of(const std::string& path);

// Where a symbolic link leads, for what stands beside the file and is named after it; any other path as it is.
[[nodiscard]] std::string resolved(const std::string& path);
[[nodiscard]] bool leads_nowhere(const std::string& path);
// What to say where it does.
[[nodiscard]] start_failure nowhere(const std::string& path);

// Makes the folder and its missing parents, 0700 each, and fsyncs every folder made and its parent (rule 10).
[[nodiscard]] result<void, start_failure> make_folders(const std::string& folder);

// Locks PATH.lock for as long as the handle lives, and writes our pid to it. Held by another process: exit 75 with that
// process's pid. The file is never removed: that would let a third process lock another file of the same name.
[[nodiscard]] result<file_handle, start_failure> lock_outbox(const std::string& path);
// Notes in the lock file that the outbox at PATH was made, so that an empty file in its place is known for a loss.
void mark_made(const file_handle& lock) noexcept;
// Refuses (65) an empty file where the lock file says that there was an outbox. One that is gone was taken away, and
// may be made anew: the note goes with it.
[[nodiscard]] result<void, start_failure> refuse_emptied(const std::string& path, const file_handle& lock);
// Keeps daemons off an outbox that is only read, and neither makes the lock file nor writes to it: where there is none,
// no daemon runs, and the handle is empty.
[[nodiscard]] result<file_handle, start_failure> lock_for_reading(const std::string& path);

// Refuses (65) while a marker says that the outbox was found damaged.
[[nodiscard]] result<void, start_failure> refuse_marked(const std::string& path);
// Leaves PATH.damaged with what was found, for the next start to see (rule 9). Best effort: the disk may be failing.
void leave_marker(const std::string& path, std::string_view finding) noexcept;

// fdatasync, then out of the page cache (rule 10): what is read afterwards is what the disk holds. A missing file is
// fine; refused (failed) where it is no file, or one that may not be read and written.
[[nodiscard]] result<void, start_failure> settle_on_disk(const std::string& file);

// Whether it holds nothing: empty, or not there.
[[nodiscard]] bool is_empty(const std::string& file) noexcept;

// Makes the empty file, 0600, unless it is there. True: it was made.
[[nodiscard]] result<bool, start_failure> make_file(const std::string& file);
[[nodiscard]] result<void, start_failure> fsync_folder(const std::string& folder);

// A folder for intermediate files, 0700, that goes with everything in it.
class working_folder {
  public:
    // PREFIX and six characters that make it new. `advice` ends the error's sentence.
    [[nodiscard]] static result<working_folder, start_failure> make(const std::string& prefix,
                                                                    const std::string& advice);
    ~working_folder();

    working_folder(working_folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    working_folder& operator=(working_folder&&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

  private:
    explicit working_folder(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

// What to do about a damaged outbox: a sentence for messages.
[[nodiscard]] std::string damage_advice(const std::string& path);
// What to say where there is a write-ahead log, and no database or an empty one.
[[nodiscard]] start_failure log_alone(const std::string& path);
// What to say where log_lost_commits() (log_check.hpp).
[[nodiscard]] start_failure damaged_log(const std::string& path);

}  // namespace posthaste
