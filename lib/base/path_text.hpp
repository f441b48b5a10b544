// How a path is shown: in messages, and in commands that are told to be run. Pure; any thread.

#pragma once

#include <string>

namespace posthaste {

// Safe to show, as printable() makes it, and whole: names of folders may be long.
[[nodiscard]] std::string printable_path(const std::string& path);

// A path as it is typed in a shell, quoted where that is needed; safe to show.
[[nodiscard]] std::string shell_word(const std::string& path);

}  // namespace posthaste
