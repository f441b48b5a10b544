// Whether a file is still the one it was, without reading it.

#pragma once

#include <cstdint>
#include <string>

#include "lib/base/time.hpp"

namespace posthaste {

// Of the file that a path leads to: another one behind a link is another stamp. All zero where there is none.
struct file_stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;  // since 1970
    std::int64_t changed_ns = 0;   // its mode and owner, too

    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

[[nodiscard]] file_stamp stamp_of(const std::string& path);

// Whether the file could have been written again since `now` without another stamp, as its times are coarse.
[[nodiscard]] bool may_hide_a_change(const file_stamp& stamp, wall_time now);

}  // namespace posthaste
