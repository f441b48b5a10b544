// --config and --set, shared by the commands that read the configuration.

#pragma once

#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "lib/config/load.hpp"

namespace posthaste {

inline constexpr const char* default_config_file = "/etc/posthaste/posthaste.json";

struct config_options {
    std::string file = default_config_file;
    std::vector<std::string> sets;  // each "key=value"
};

// `options` must live as long as `command`.
void add_config_options(CLI::App& command, config_options& options);

// Loads the settings; the error is all that is wrong.
[[nodiscard]] result<settings, config_problems> load_settings(const config_options& options);
[[nodiscard]] partial_settings load_in_part(const config_options& options);

// For a command that cannot go on without: the problems are printed to stderr, one a line, and the error is the exit
// code.
[[nodiscard]] result<settings, exit_code> or_complain(result<settings, config_problems> loaded);
[[nodiscard]] result<settings, exit_code> load_settings_or_complain(const config_options& options);

// The process's environment. JOURNAL_STREAM is there only where stderr is that stream: what a desktop session started
// inherits the variable and writes to a terminal.
[[nodiscard]] environment process_environment();

}  // namespace posthaste
