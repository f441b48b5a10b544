// The options by which every client command finds the daemon.

#pragma once

#include <optional>
#include <string>

#include <CLI/App.hpp>

namespace posthaste {

// --server and --config, for find_daemon(). Both must live until the command line was read.
void add_client_options(CLI::App& to, std::optional<std::string>& server, std::optional<std::string>& config_file);

}  // namespace posthaste
