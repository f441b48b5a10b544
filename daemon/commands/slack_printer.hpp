// Shows a Slack message on standard output, as one line, at once.

#pragma once

#include <cstdio>
#include <string>

#include "lib/sandbox/message_log.hpp"

namespace posthaste {

inline void print_slack_message(const slack_message& message) {
    const std::string line = terminal_line(message) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
}

}  // namespace posthaste
