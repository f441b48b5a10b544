// The subcommands. Each call adds one to the command line; where it is the one that was asked for, `chosen` becomes
// what runs it, which main() does once the whole line was read.

#pragma once

#include <functional>

#include <CLI/App.hpp>

#include "lib/base/result.hpp"

namespace posthaste {

using command = std::function<exit_code()>;

void add_run_command(CLI::App& app, command& chosen);
void add_dev_command(CLI::App& app, command& chosen);
void add_check_command(CLI::App& app, command& chosen);
void add_recover_command(CLI::App& app, command& chosen);
void add_send_command(CLI::App& app, command& chosen);
void add_status_command(CLI::App& app, command& chosen);
void add_events_command(CLI::App& app, command& chosen);
void add_show_command(CLI::App& app, command& chosen);
void add_retry_command(CLI::App& app, command& chosen);
void add_discard_command(CLI::App& app, command& chosen);
void add_pause_command(CLI::App& app, command& chosen);
void add_resume_command(CLI::App& app, command& chosen);
void add_drain_command(CLI::App& app, command& chosen);
void add_export_command(CLI::App& app, command& chosen);
void add_import_command(CLI::App& app, command& chosen);
void add_sandbox_command(CLI::App& app, command& chosen);

}  // namespace posthaste
