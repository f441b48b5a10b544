// A private copy of a damaged outbox, to be read: what its files hold, with what its write-ahead log had committed.
// The outbox itself is only ever read, as plain bytes.
//
// What the disk cannot read is zeros in the copy. Where the log makes the whole unreadable, the copy is of the database
// alone. One thread; errors are sentences for a person.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/outbox/files.hpp"
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
    // What the disk could not read.
    [[nodiscard]] std::uint64_t unreadable_bytes() const noexcept { return unreadable_bytes_; }

  private:
    enum class with_log { yes, no };

    [[nodiscard]] result<void, start_failure> copy(const std::string& from, with_log log);
    [[nodiscard]] sqlite_result open();
    void stretch_to(std::int64_t pages, std::int64_t page_size) const;
    [[nodiscard]] start_failure unusable(const std::string& from, sqlite_error error) const;

    std::string path_;
    sqlite_connection database_;
    log_use log_ = log_use::absent;
    std::uint64_t unreadable_bytes_ = 0;
};

}  // namespace posthaste
