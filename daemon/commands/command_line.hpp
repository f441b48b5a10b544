// Reads the command line and runs the subcommand it asks for.

#pragma once

#include <CLI/App.hpp>

#include "daemon/commands/commands.hpp"

namespace posthaste {

// `chosen` is what the subcommands were added with. --help and --version are answered; a usage error is one line on
// stderr and exit code 2; a result that could not be written to stdout is exit code 74, and ends the process by SIGPIPE
// where its reader left.
[[nodiscard]] exit_code run_command_line(CLI::App& app, const command& chosen, int argc, const char* const* argv);

}  // namespace posthaste
