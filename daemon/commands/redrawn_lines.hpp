// Several lines on a terminal that are drawn again in place.
//
// Writes to its descriptor, on the caller's thread; the descriptor must be a terminal that redraws (terminal.hpp).

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/commands/terminal.hpp"

namespace posthaste {

class redrawn_lines {
  public:
    explicit redrawn_lines(int descriptor) : descriptor_(descriptor) {}

    // In the place of those shown before. What is too wide for the screen must have been wrapped already; what does not
    // fit its height is left out.
    void show(std::vector<std::string> lines);

  private:
    int descriptor_;
    screen before_{};
    std::size_t shown_ = 0;
};

}  // namespace posthaste
