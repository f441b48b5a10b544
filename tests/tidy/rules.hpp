// The rules of the house that a machine can hold. Each gives its violations, one line each: "lib/x.cpp:12: why".

#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source_tree.hpp"

namespace posthaste {

using violations = std::vector<std::string>;

// Includes name their layer and point down: lib/base … lib/sandbox, then daemon/store … daemon/commands.
[[nodiscard]] violations includes_that_point_up(const source_tree& tree);
// lib/ has no Asio, no sockets, no threads; reads no clock and draws no random number. (The log's sink, which runs on
// spdlog's own thread and must give up on a stuck pipe, is the one exception.)
[[nodiscard]] violations impure_library_code(const source_tree& tree);

// At most 400 lines a file, 80 in daemon/main.cpp; 120 columns of C++; no tab, no space at a line's end.
[[nodiscard]] violations overlong_or_untidy_text(const source_tree& tree);
// A header begins with its contract, a comment, and then has #pragma once.
[[nodiscard]] violations headers_without_a_contract(const source_tree& tree);
// g++ 12 miscompiles anything but `auto x = co_await call(lvalues);` and the same without the variable.
[[nodiscard]] violations entangled_co_awaits(const source_tree& tree);
// snake_case for files and types.
[[nodiscard]] violations names_in_another_style(const source_tree& tree);
// Nothing is left to be done.
[[nodiscard]] violations loose_ends(const source_tree& tree);

// The root holds what the plan of the house names, and nothing else.
[[nodiscard]] violations strangers_at_the_top(const source_tree& tree);
// A script is executable, and stops at its first error.
[[nodiscard]] violations careless_scripts(const source_tree& tree);

[[nodiscard]] std::string violation_at(const source_file& file, int line, const std::string& why);

}  // namespace posthaste
