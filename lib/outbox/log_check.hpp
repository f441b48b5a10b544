// How much of a write-ahead log SQLite can use (https://www.sqlite.org/fileformat.html, "The Write-Ahead Log"): its
// checksums are chained, and what stands behind the first wrong one is lost. SQLite takes that for the end of the log,
// says nothing, and writes over the rest.
//
// Only reads the file, piece by piece, on the calling thread.

#pragma once

#include <string>
#include <string_view>

#include "lib/config/settings.hpp"

namespace posthaste {

enum class log_use { absent, whole, in_part, unusable };

[[nodiscard]] std::string_view to_string(log_use use) noexcept;

[[nodiscard]] log_use usable_part_of_log(const std::string& file);

// Whether commits are lost that somebody was told of. The head is wrong: it is synced before anything stands behind it,
// and so is never torn, but may be blank with nothing behind it. Or, where each commit was synced before the next one
// began (durability "full"), more than one ends behind the first wrong checksum: the very last one may have been torn
// by a power cut before anybody heard of it.
[[nodiscard]] bool log_lost_commits(const std::string& file, durability durable);

}  // namespace posthaste
