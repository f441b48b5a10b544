// What is wrong with lines of a file that the daemon refused, with their places in the file.

#pragma once

#include <string>
#include <vector>

#include "daemon/commands/client.hpp"
#include "daemon/commands/event_piece.hpp"
#include "daemon/commands/line_source.hpp"

namespace posthaste {

// "FILE:LINE: POINTER what is wrong" or "FILE:LINE:COLUMN: what is wrong with the JSON" for each fault that the answer
// tells of `piece`; empty where it refuses something else than an event. Safe to print.
[[nodiscard]] std::vector<std::string> refused_lines(const daemon_answer& answer, const event_piece& piece,
                                                     const line_source& lines);

}  // namespace posthaste
