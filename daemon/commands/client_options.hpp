// The options by which every client command finds the daemon.

#pragma once

#include <optional>
#include <string>

#include <CLI/App.hpp>

namespace posthaste {

struct client_options {
    std::optional<std::string> server;
    std::optional<std::string> config_file;
    std::optional<std::string> token_file;
};

// --server, --token-file and --config, for find_daemon(). `options` must live until the command line was read.
void add_client_options(CLI::App& to, client_options& options);

}  // namespace posthaste
