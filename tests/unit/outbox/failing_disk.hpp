// A disk that fails on demand: SQLite's own file system with a fault in front of it, the default for as long as this
// lives. One at a time; the faults may be changed from any thread.

#pragma once

#include <atomic>
#include <cstring>
#include <limits>
#include <string>

#include <sqlite3.h>

namespace posthaste {

class failing_disk {
  public:
    static constexpr sqlite3_int64 no_bound = std::numeric_limits<sqlite3_int64>::max();

    failing_disk() {
        real_ = sqlite3_vfs_find(nullptr);
        layer_ = *real_;
        layer_.zName = "failing";
        layer_.szOsFile = static_cast<int>(sizeof(file)) + real_->szOsFile;
        layer_.xOpen = &open;
        write_fault = SQLITE_OK;
        write_errno = 0;
        sync_fault = SQLITE_OK;
        read_fault = SQLITE_OK;
        longest_file = no_bound;
        sqlite3_vfs_register(&layer_, 1);
    }
    ~failing_disk() {
        sqlite3_vfs_unregister(&layer_);
        sqlite3_vfs_register(real_, 1);
    }

    failing_disk(const failing_disk&) = delete;
    failing_disk& operator=(const failing_disk&) = delete;

    // What the next calls answer instead of being done: SQLITE_FULL, SQLITE_IOERR_WRITE …; SQLITE_OK: they are done.
    inline static std::atomic<int> write_fault{SQLITE_OK};
    inline static std::atomic<int> write_errno{0};  // why a write failed
    inline static std::atomic<int> sync_fault{SQLITE_OK};
    inline static std::atomic<int> read_fault{SQLITE_OK};
    // No file may grow beyond this: a disk with so much room left.
    inline static std::atomic<sqlite3_int64> longest_file{no_bound};
    // Writes of any file, so far, and successful syncs.
    inline static std::atomic<int> writes{0};
    inline static std::atomic<int> syncs{0};

  private:
    struct file {
        sqlite3_file base;
        sqlite3_io_methods methods;
    };

    // The real file stands behind ours in the memory that SQLite gave.
    static file* ours(sqlite3_file* handle) { return reinterpret_cast<file*>(handle); }
    static sqlite3_file* theirs(sqlite3_file* handle) { return reinterpret_cast<sqlite3_file*>(ours(handle) + 1); }

    static int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* handle, int flags, int* out) {
        const int code = real_->xOpen(real_, name, theirs(handle), flags, out);
        ours(handle)->base.pMethods = nullptr;
        if (code != SQLITE_OK) {
            return code;
        }
        auto& methods = ours(handle)->methods;
        std::memset(&methods, 0, sizeof methods);
        methods.iVersion = 1;  // no shared memory, no mapping: the outbox uses neither
        methods.xClose = [](sqlite3_file* f) { return theirs(f)->pMethods->xClose(theirs(f)); };
        methods.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
            return read_fault != SQLITE_OK ? read_fault.load() : theirs(f)->pMethods->xRead(theirs(f), to, size, at);
        };
        methods.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
            ++writes;
            if (at + size > longest_file) {
                return SQLITE_FULL;
            }
            return write_fault != SQLITE_OK ? write_fault.load()
                                            : theirs(f)->pMethods->xWrite(theirs(f), from, size, at);
        };
        methods.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
            return theirs(f)->pMethods->xTruncate(theirs(f), size);
        };
        methods.xSync = [](sqlite3_file* f, int how) {
            if (sync_fault != SQLITE_OK) {
                return sync_fault.load();
            }
            ++syncs;
            return theirs(f)->pMethods->xSync(theirs(f), how);
        };
        methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
            return theirs(f)->pMethods->xFileSize(theirs(f), size);
        };
        methods.xLock = [](sqlite3_file* f, int how) { return theirs(f)->pMethods->xLock(theirs(f), how); };
        methods.xUnlock = [](sqlite3_file* f, int how) { return theirs(f)->pMethods->xUnlock(theirs(f), how); };
        methods.xCheckReservedLock = [](sqlite3_file* f, int* out_lock) {
            return theirs(f)->pMethods->xCheckReservedLock(theirs(f), out_lock);
        };
        methods.xFileControl = [](sqlite3_file* f, int what, void* with) {
            if (what == SQLITE_FCNTL_LAST_ERRNO && write_fault != SQLITE_OK) {
                *static_cast<int*>(with) = write_errno;
                return SQLITE_OK;
            }
            return theirs(f)->pMethods->xFileControl(theirs(f), what, with);
        };
        methods.xSectorSize = [](sqlite3_file* f) { return theirs(f)->pMethods->xSectorSize(theirs(f)); };
        methods.xDeviceCharacteristics = [](sqlite3_file* f) {
            return theirs(f)->pMethods->xDeviceCharacteristics(theirs(f));
        };
        ours(handle)->base.pMethods = &methods;
        return SQLITE_OK;
    }

    inline static sqlite3_vfs* real_ = nullptr;
    inline static sqlite3_vfs layer_{};
};

}  // namespace posthaste
