// Blocks of the disk that the outbox has before it needs them: of its log, and behind the database's end. What a full
// disk still lets us write goes into the first, and what stands in the log finds its place in the second, whoever took
// the rest of the disk (rule 6).
//
// They are taken without making the files longer (fallocate with FALLOC_FL_KEEP_SIZE), so that nothing which reads
// these files sees them. Cutting a file off, even where it ends, gives them back: log_vfs.hpp sees to it that SQLite
// only does so where the file gets shorter. A file system that cannot do this (EOPNOTSUPP) has none of it, and all
// else goes on; one that writes no block twice (btrfs, ZFS) may want new ones all the same.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "lib/outbox/files.hpp"

namespace posthaste {

inline constexpr std::uint64_t outbox_page_bytes = 4096;
inline constexpr std::uint64_t room_step = 1024 * 1024;  // so much more is taken at a time
// What the log may hold beyond the database's end before it is copied (rule 6): as much as is checkpointed at, which is
// also what failures and the dead may add to a database that may not grow.
inline constexpr std::uint64_t room_of_database = 4 * 1024 * 1024;
inline constexpr std::uint64_t room_of_log = 4 * 1024 * 1024;

class kept_room {
  public:
    // Of the database at `path` and its log, which are there. To be called before SQLite opens the database, and to
    // live longer than it has it open: closing any descriptor of the file would give up SQLite's locks. What an earlier
    // run took is found, and not asked for again: a full disk may refuse even what is there (XFS does).
    void open_database(const std::string& path) noexcept;
    // Once SQLite has made the log.
    void open_log(const std::string& path) noexcept;

    // The blocks up to these ends were taken; 0: none are known.
    [[nodiscard]] std::uint64_t database_end() const noexcept { return database_.end; }
    [[nodiscard]] std::uint64_t log_end() const noexcept { return log_.end; }
    // False: the disk is full, or cannot be asked just now; what there was of it is taken. True as well where the file
    // system cannot do it.
    [[nodiscard]] bool take_database(std::uint64_t from, std::uint64_t end) noexcept {
        return take(database_, from, end);
    }
    [[nodiscard]] bool take_log(std::uint64_t end) noexcept { return take(log_, 0, end); }
    // The file was cut off here.
    void cut_database(std::uint64_t end) noexcept { database_.end = std::min(database_.end, end); }
    void cut_log() noexcept { log_.end = 0; }

    // 0 as well where it cannot be told.
    [[nodiscard]] std::uint64_t database_size() const noexcept { return size_of(database_); }
    [[nodiscard]] std::uint64_t log_size() const noexcept { return size_of(log_); }

    // Whether this file system can do it, as far as is known.
    [[nodiscard]] bool works() const noexcept { return works_; }

  private:
    struct file {
        file_handle handle;
        std::uint64_t end = 0;
    };

    [[nodiscard]] static std::uint64_t size_of(const file& of) noexcept;
    [[nodiscard]] bool take(file& of, std::uint64_t from, std::uint64_t end) noexcept;

    file database_;
    file log_;
    bool works_ = true;
};

}  // namespace posthaste
