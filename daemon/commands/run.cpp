#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "daemon/commands/commands.hpp"
#include "daemon/commands/config_options.hpp"
#include "daemon/supervisor/daemon.hpp"
#include "lib/base/log.hpp"
#include "lib/config/passed_addresses.hpp"

namespace posthaste {

namespace {

// Sockets that were passed replace listen.addresses, at the start and at each reload.
result<settings, config_problems> load_for(const std::vector<passed_socket>& sockets, const config_options& options) {
    auto loaded = load_settings(options);
    if (!loaded || sockets.empty()) return loaded;
    std::vector<listen_address> addresses;
    for (const auto& socket : sockets)
        addresses.push_back(socket.address);
    return with_passed_addresses(*std::move(loaded), std::move(addresses));
}

exit_code run(const config_options& options) {
    auto sockets = take_passed_sockets();
    if (!sockets) {
        std::cerr << "posthaste run: " << sockets.error().message << "\n";
        return sockets.error().code;
    }
    daemon_hooks hooks;
    hooks.sockets = *std::move(sockets);
    const auto load = [&] { return load_for(hooks.sockets, options); };
    hooks.configuration = {load, process_environment()};
    const auto loaded = or_complain(load());
    if (!loaded) return loaded.error();
    start_logging(loaded->log.level, loaded->log.format);
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
