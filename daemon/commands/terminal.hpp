// Where a command writes to: how wide it is, whether lines can be redrawn there, and whether colour is wanted.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace posthaste {

struct screen {
    std::size_t columns = 0;  // 0: no terminal, and lines of any length are fine
    std::size_t rows = 0;
    bool redraws = false;  // lines that stand there can be written again
    bool colours = false;

    friend bool operator==(const screen&, const screen&) = default;
};

// Of a terminal that does not tell, 80 x 24. A dumb one neither redraws nor colours; nothing colours where $NO_COLOR is
// set and not empty (no-color.org).
[[nodiscard]] screen screen_of(int descriptor);

enum class paint { none, red, green, yellow, bold };

// The text with its colour where the screen has any.
[[nodiscard]] std::string painted(std::string_view text, paint colour, const screen& on);

// Unbuffered; a terminal that went away is no error.
void write_to_terminal(int descriptor, std::string_view bytes);

}  // namespace posthaste
