#include <memory>

#include <spdlog/spdlog.h>

#include "daemon/commands/commands.hpp"
#include "daemon/commands/config_options.hpp"
#include "daemon/supervisor/daemon.hpp"
#include "lib/base/log.hpp"

namespace posthaste {

namespace {

exit_code run(const config_options& options) {
    const auto loaded = load_settings_or_complain(options);
    if (!loaded) return loaded.error();
    start_logging(loaded->log.level, loaded->log.format);
    daemon_hooks hooks;
    hooks.configuration = {[&options] { return load_settings(options); }, process_environment()};
    const auto ran = run_daemon(*loaded, hooks);
    if (!ran) spdlog::error("not started: {}", ran.error().message);
    stop_logging();
    return ran ? exit_code::done : ran.error().code;
}

}  // namespace

void add_run_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<config_options>();
    CLI::App* added = app.add_subcommand("run", "The daemon, in the foreground, until SIGTERM or Ctrl-C");
    add_config_options(*added, *options);
    added->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace posthaste
