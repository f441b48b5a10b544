// A private copy of a damaged outbox, to be read: what its files hold, with what its write-ahead log had committed.
// The outbox itself is only ever read, as plain bytes.
//
// What the disk cannot read is zeros in the copy. Where the log makes the whole unreadable, the copy is of the database
// alone. A damaged first page has a sound one in its place (lib/outbox/first_page.hpp), unless it is that of another
// program's database. One thread; errors are sentences for a person.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/outbox/files.hpp"
#include "lib/outbox/first_page.hpp"
#include "lib/outbox/log_check.hpp"
#include "lib/outbox/sqlite.hpp"

namespace posthaste {

class damaged_copy {
  public:
    // Copies the outbox `from` into the folder and opens the copy.
    [[nodiscard]] static result<std::unique_ptr<damaged_copy>, start_failure> make(const std::string& from,
                                                                                   const working_folder& folder);

    [[nodiscard]] sqlite_connection& database() noexcept { return database_; }
    // Everything that the log held is in this file.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    // in_part: commits behind a damaged place in the log are lost.
    [[nodiscard]] log_use write_ahead_log() const noexcept { return log_; }
    [[nodiscard]] bool first_page_damaged() const noexcept { return first_page_damaged_; }
    // Any of those that events, and what became of them, stand in.
    [[nodiscard]] bool has_tables_of_ours();
    // Written by a posthaste with other tables than this one's.
    [[nodiscard]] bool is_newer();
    // What the disk could not read.
    [[nodiscard]] std::uint64_t unreadable_bytes() const noexcept { return unreadable_bytes_; }

  private:
    enum class with_log { yes, no };

    explicit damaged_copy(first_page sound) : sound_(std::move(sound)) {}

    [[nodiscard]] result<void, start_failure> copy(const std::string& from, with_log log);
    [[nodiscard]] sqlite_result open();
    [[nodiscard]] sqlite_result open_mended();
    [[nodiscard]] sqlite_result open_tables();
    [[nodiscard]] bool is_foreign();
    [[nodiscard]] sqlite_result copy_log_in();
    void stretch_to(std::int64_t pages, std::int64_t page_size) const;
    [[nodiscard]] start_failure unusable(const std::string& from, sqlite_error error) const;

    const first_page sound_;
    std::string path_;
    sqlite_connection database_;
    log_use log_ = log_use::absent;
    bool first_page_damaged_ = false;
    std::uint64_t unreadable_bytes_ = 0;
};

}  // namespace posthaste
