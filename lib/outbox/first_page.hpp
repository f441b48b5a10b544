// The first page of an outbox, which says where all its tables stand: as it must be, to stand in for a damaged one.
//
// It is the same in every outbox of one version but for counters. Its head (https://www.sqlite.org/fileformat2.html,
// "The Database Header") is as the outbox was created; and behind it stand the tables with their root pages, which
// SQLite keeps together at the front of such a file (auto_vacuum), in the order in which the tables were made, whatever
// they hold. So that of an empty outbox will do.
//
// For a private copy of a damaged file that no connection has open: what is written there serves for reading alone.

#pragma once

#include <string>
#include <utility>

#include "lib/outbox/files.hpp"
#include "lib/outbox/sqlite.hpp"

namespace posthaste {

class first_page {
  public:
    // Of the version that this build writes: that of an outbox made in the folder.
    [[nodiscard]] static result<first_page, start_failure> make(const working_folder& folder);

    enum class finding { sound, damaged };
    // Puts the head right. An outbox keeps its version where that can be believed. The error is that of the write.
    [[nodiscard]] result<finding, sqlite_error> mend_head(const std::string& file) const;
    [[nodiscard]] sqlite_result replace(const std::string& file) const;

    // Whether the database has these tables in these places; or is of another version, whose tables are not known.
    [[nodiscard]] bool describes(sqlite_connection& database) const;
    // A newer version's number over the tables of this one is damage.
    [[nodiscard]] bool has_its_tables(sqlite_connection& database) const;

  private:
    first_page(std::string bytes, std::string tables) : bytes_(std::move(bytes)), tables_(std::move(tables)) {}

    std::string bytes_;
    std::string tables_;
};

// Whether the file says that it is a SQLite database of another program. Our own may say so, too, where it is damaged.
[[nodiscard]] bool claims_to_be_foreign(const std::string& file);

}  // namespace posthaste
