#include "lib/outbox/log_vfs.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

#include <sqlite3.h>

namespace posthaste {
namespace {

constexpr int frame_head = 24;
constexpr int database_size_at = 4;  // in a frame's head: not zero in the last of a commit
// SQLite takes of a write's size no more than its lowest 17 bits, and then goes on with the rest: of 128 KiB, nothing,
// which it takes for a full disk (seekAndWriteFd in os_unix.c).
constexpr std::size_t most_gathered = 96 * 1024;

// A quota that is used up is a full disk: SQLite knows ENOSPC alone as one.
int write_through(sqlite3_file& real, const void* from, int size, sqlite3_int64 at) noexcept {
    const int written = real.pMethods->xWrite(&real, from, size, at);
    int reason = 0;
    const bool known = written == SQLITE_IOERR_WRITE &&
                       real.pMethods->xFileControl(&real, SQLITE_FCNTL_LAST_ERRNO, &reason) == SQLITE_OK;
    return known && reason == EDQUOT ? SQLITE_FULL : written;
}

class gathered_writes {
  public:
    // `real` does what is asked for in the end, and must stay where it is.
    explicit gathered_writes(sqlite3_file& real) noexcept : real_(real) {}

    [[nodiscard]] int write(const void* from, int size, sqlite3_int64 at) noexcept {
        if (at == 0) {
            end_ = 0;  // the log starts over
        }
        const bool mends = at < end_;  // a page that changed again, or the sums of what stands behind it
        const bool head = size == frame_head;
        const bool last_page = ends_commit_ && !head;  // wherever its head went
        const auto more = static_cast<std::size_t>(size);
        if (mends || at != start_ + static_cast<sqlite3_int64>(used_) || more > most_gathered - used_) {
            if (const int flushed = flush(); flushed != SQLITE_OK) {
                return flushed;
            }
            start_ = at;
        }
        end_ = mends ? end_ : at + size;
        ends_commit_ = head && says_last(static_cast<const unsigned char*>(from));
        if (mends || more > most_gathered || !has_room()) {
            return write_through(real_, from, size, at);
        }
        std::memcpy(bytes_.get() + used_, from, more);
        used_ += more;
        return last_page ? flush() : SQLITE_OK;
    }

    // What could not be written is not tried again: SQLite rolls its transaction back.
    [[nodiscard]] int flush() noexcept {
        ends_commit_ = false;
        if (used_ == 0) {
            return SQLITE_OK;
        }
        const auto size = static_cast<int>(used_);
        used_ = 0;
        return write_through(real_, bytes_.get(), size, start_);
    }

  private:
    static bool says_last(const unsigned char* head) noexcept {
        static constexpr unsigned char none[4] = {};
        return std::memcmp(head + database_size_at, none, sizeof none) != 0;
    }

    bool has_room() noexcept {
        if (!bytes_) {
            bytes_.reset(new (std::nothrow) unsigned char[most_gathered]);
        }
        return bytes_ != nullptr;
    }

    sqlite3_file& real_;
    std::unique_ptr<unsigned char[]> bytes_;
    std::size_t used_ = 0;
    sqlite3_int64 start_ = 0;
    sqlite3_int64 end_ = 0;     // of what was written since the log's front; what lies before is mended at once
    bool ends_commit_ = false;  // the page that comes next is a commit's last
};

// In memory that SQLite gives, with the real file behind it.
struct layered_file {
    sqlite3_file base;
    gathered_writes* writes;  // of a log
    const cut_hook* on_cut;   // of a database
};

layered_file* ours(sqlite3_file* file) noexcept {
    return reinterpret_cast<layered_file*>(file);
}

sqlite3_file* real(sqlite3_file* file) noexcept {
    return reinterpret_cast<sqlite3_file*>(ours(file) + 1);
}

// The real file's method, once everything that gathered is written.
template <auto Method, class... Arguments>
int after_flush(sqlite3_file* file, Arguments... arguments) noexcept {
    const int flushed = ours(file)->writes->flush();
    return flushed == SQLITE_OK ? (real(file)->pMethods->*Method)(real(file), arguments...) : flushed;
}

template <auto Method, class... Arguments>
int straight(sqlite3_file* file, Arguments... arguments) noexcept {
    return (real(file)->pMethods->*Method)(real(file), arguments...);
}

bool ends_at(sqlite3_file* file, sqlite3_int64 size) noexcept {
    sqlite3_int64 now = 0;
    return real(file)->pMethods->xFileSize(real(file), &now) == SQLITE_OK && now == size;
}

// Cutting a file off where it ends would give back the blocks that are kept behind its end (room.hpp).
int shorten(sqlite3_file* file, sqlite3_int64 size) noexcept {
    return ends_at(file, size) ? SQLITE_OK : real(file)->pMethods->xTruncate(real(file), size);
}

int close_log(sqlite3_file* file) noexcept {
    const int flushed = ours(file)->writes->flush();
    delete ours(file)->writes;
    const int closed = real(file)->pMethods->xClose(real(file));
    return flushed == SQLITE_OK ? closed : flushed;
}

int write_log(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) noexcept {
    return ours(file)->writes->write(from, size, at);
}

int shorten_log(sqlite3_file* file, sqlite3_int64 size) noexcept {
    const int flushed = ours(file)->writes->flush();
    return flushed == SQLITE_OK ? shorten(file, size) : flushed;
}

int write_database(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) noexcept {
    return write_through(*real(file), from, size, at);
}

int shorten_database(sqlite3_file* file, sqlite3_int64 size) noexcept {
    if (ends_at(file, size)) {
        return SQLITE_OK;
    }
    const int cut = real(file)->pMethods->xTruncate(real(file), size);
    if (const cut_hook* told = ours(file)->on_cut; cut == SQLITE_OK && told != nullptr) {
        told->call(told->context, static_cast<std::uint64_t>(size));
    }
    return cut;
}

int control_database(sqlite3_file* file, int what, void* with) noexcept {
    if (what == set_cut_hook) {
        ours(file)->on_cut = static_cast<const cut_hook*>(with);
        return SQLITE_OK;
    }
    return real(file)->pMethods->xFileControl(real(file), what, with);
}

void shm_barrier(sqlite3_file* file) noexcept {
    real(file)->pMethods->xShmBarrier(real(file));
}

// Version 1: no shared memory and no mapping, neither of which a log has.
constexpr sqlite3_io_methods make_log_methods() noexcept {
    using io = sqlite3_io_methods;
    io made{};
    made.iVersion = 1;
    made.xClose = close_log;
    made.xRead = after_flush<&io::xRead, void*, int, sqlite3_int64>;
    made.xWrite = write_log;
    made.xTruncate = shorten_log;
    made.xSync = after_flush<&io::xSync, int>;
    made.xFileSize = after_flush<&io::xFileSize, sqlite3_int64*>;
    made.xLock = straight<&io::xLock, int>;
    made.xUnlock = straight<&io::xUnlock, int>;
    made.xCheckReservedLock = straight<&io::xCheckReservedLock, int*>;
    made.xFileControl = after_flush<&io::xFileControl, int, void*>;
    made.xSectorSize = straight<&io::xSectorSize>;
    made.xDeviceCharacteristics = straight<&io::xDeviceCharacteristics>;
    return made;
}

// As much of it as the real file has: version 1, or all.
constexpr sqlite3_io_methods make_database_methods(int version) noexcept {
    using io = sqlite3_io_methods;
    io made{};
    made.iVersion = version;
    made.xClose = straight<&io::xClose>;
    made.xRead = straight<&io::xRead, void*, int, sqlite3_int64>;
    made.xWrite = write_database;
    made.xTruncate = shorten_database;
    made.xSync = straight<&io::xSync, int>;
    made.xFileSize = straight<&io::xFileSize, sqlite3_int64*>;
    made.xLock = straight<&io::xLock, int>;
    made.xUnlock = straight<&io::xUnlock, int>;
    made.xCheckReservedLock = straight<&io::xCheckReservedLock, int*>;
    made.xFileControl = control_database;
    made.xSectorSize = straight<&io::xSectorSize>;
    made.xDeviceCharacteristics = straight<&io::xDeviceCharacteristics>;
    if (version >= 3) {
        made.xShmMap = straight<&io::xShmMap, int, int, int, void volatile**>;
        made.xShmLock = straight<&io::xShmLock, int, int, int>;
        made.xShmBarrier = shm_barrier;
        made.xShmUnmap = straight<&io::xShmUnmap, int>;
        made.xFetch = straight<&io::xFetch, sqlite3_int64, int, void**>;
        made.xUnfetch = straight<&io::xUnfetch, sqlite3_int64, void*>;
    }
    return made;
}

constexpr sqlite3_io_methods log_methods = make_log_methods();
constexpr sqlite3_io_methods plain_database_methods = make_database_methods(1);
constexpr sqlite3_io_methods database_methods = make_database_methods(3);

sqlite3_vfs* below = nullptr;  // SQLite's default, when it was asked for last

int open_database(sqlite3_filename name, sqlite3_file* file, int flags, int* opened_as) noexcept {
    ours(file)->base.pMethods = nullptr;  // until it is open: nothing is to be closed
    ours(file)->on_cut = nullptr;
    const int opened = below->xOpen(below, name, real(file), flags, opened_as);
    if (opened == SQLITE_OK) {
        ours(file)->base.pMethods = real(file)->pMethods->iVersion >= 3 ? &database_methods : &plain_database_methods;
    }
    return opened;
}

int open_log(sqlite3_filename name, sqlite3_file* file, int flags, int* opened_as) noexcept {
    ours(file)->base.pMethods = nullptr;  // until it is open: nothing is to be closed
    ours(file)->writes = new (std::nothrow) gathered_writes(*real(file));
    if (ours(file)->writes == nullptr) {
        return SQLITE_NOMEM;
    }
    const int opened = below->xOpen(below, name, real(file), flags, opened_as);
    if (opened != SQLITE_OK) {
        delete ours(file)->writes;
        return opened;
    }
    ours(file)->base.pMethods = &log_methods;
    return SQLITE_OK;
}

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* opened_as) noexcept {
    if ((flags & SQLITE_OPEN_WAL) != 0) {
        return open_log(name, file, flags, opened_as);
    }
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
        return open_database(name, file, flags, opened_as);
    }
    return below->xOpen(below, name, file, flags, opened_as);
}

}  // namespace

const char* log_vfs() noexcept {
    static sqlite3_vfs layer{};
    if (sqlite3_vfs* found = sqlite3_vfs_find(nullptr); found != below) {
        sqlite3_vfs_unregister(&layer);
        below = found;
        layer = *found;  // all but opening is done by its functions
        layer.zName = "posthaste";
        layer.szOsFile = static_cast<int>(sizeof(layered_file)) + found->szOsFile;
        layer.xOpen = open;
        sqlite3_vfs_register(&layer, 0);
    }
    return layer.zName;
}

}  // namespace posthaste
