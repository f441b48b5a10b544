// Reads small files whole: the configuration, schemas, keys.

#pragma once

#include <cstddef>
#include <string>

#include <sys/types.h>

#include "lib/base/result.hpp"

namespace posthaste {

struct file_content {
    std::string text;
    mode_t mode = 0;  // permission bits of the very file that was read
};

struct file_failure {
    int error = 0;       // errno; EFBIG when the file is larger than asked for
    std::string reason;  // "No such file or directory", "is larger than 64KiB"
};

// A pipe that has a name is refused, as it may never end; one that the process was handed (/dev/stdin, /dev/fd/N) is
// read to its end.
[[nodiscard]] result<file_content, file_failure> read_whole_file(const std::string& path, std::size_t most_bytes);

}  // namespace posthaste
