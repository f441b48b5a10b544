// SQLite's file system with three things changed: a commit goes into the write-ahead log by one write; a file is cut
// off only where that makes it shorter (room.hpp says why), of which the database's owner is told at once; and a used
// up quota (EDQUOT) is a full disk.
//
// SQLite writes the log in pieces of 24 and 4,096 bytes, two for each page of a commit, and each is a call of the
// system. Here pieces that follow each other gather in memory, and are written once the commit's last page is there
// (its frame says so: https://www.sqlite.org/fileformat.html, "The Write-Ahead Log"), or before the log is synced,
// read, measured or cut. So when SQLite has committed, the same bytes are with the system as without it, whatever
// `synchronous` is; a failed write is told by the call that needed it, and is final for that transaction, as SQLite's
// own is.
//
// (https://www.sqlite.org/vfs.html, "VFS Shims".)

#pragma once

#include <cstdint>

namespace posthaste {

// What is done when the database was made shorter, before that is synced. Told to its file by sqlite3_file_control with
// `set_cut_hook`; must live as long as the file is open.
struct cut_hook {
    void (*call)(void* context, std::uint64_t end) noexcept = nullptr;
    void* context = nullptr;
};
inline constexpr int set_cut_hook = 7001;  // below 100 are SQLite's own

// Its name, for sqlite3_open_v2; registered on top of SQLite's default at the moment. Not to be called by two threads
// at once.
[[nodiscard]] const char* log_vfs() noexcept;

}  // namespace posthaste
