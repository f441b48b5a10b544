#include "daemon/commands/redrawn_lines.hpp"

#include <algorithm>
#include <utility>

namespace posthaste {

void redrawn_lines::show(std::vector<std::string> lines) {
    const screen on = screen_of(descriptor_);
    lines.resize(std::min(lines.size(), std::max<std::size_t>(on.rows, 2) - 1));  // the cursor stands below them
    std::string out;
    if (shown_ > 0) out = "\x1b[" + std::to_string(shown_) + "A\r";
    // A terminal of another size has wrapped the lines anew, so that nobody knows where they began.
    if (shown_ > 0 && on != before_) out = "\x1b[H\x1b[2J";
    for (const auto& line : lines)
        out += line + "\x1b[K\n";
    out += "\x1b[J";
    write_to_terminal(descriptor_, out);
    shown_ = lines.size();
    before_ = on;
}

}  // namespace posthaste
