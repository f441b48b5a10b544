// Text by the columns it takes on a terminal: wide and combining characters count as they are shown.
//
// Any thread. The text must be printable (lib/base/text.hpp) already.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste {

[[nodiscard]] std::size_t columns_of(std::string_view text);

// What is wider is cut, between two characters, and ends in "…".
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t columns);

// The text in lines of so many columns at most, broken at spaces; a longer word is broken inside. 0: no limit. At least
// one line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

}  // namespace posthaste
