// posthaste: accepts events on loopback, keeps them on disk, delivers them.

#include <csignal>
#include <string_view>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/commands/command_line.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/standard_streams.hpp"
#include "daemon/supervisor/early_signals.hpp"

int main(int argc, char** argv) {
    posthaste::open_missing_streams();
    // A reader that went away and a limit on file sizes are errors of the call that meets them.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);

    // The daemon's alone: every other command is to end by them.
    if (argc > 1 && std::string_view(argv[1]) == "run") {
        posthaste::catch_early_stop();
        posthaste::catch_early_hangup();
    }

    CLI::App app("Takes events on a loopback address, keeps them on disk, and delivers each one until it arrives.",
                 "posthaste");
    app.set_version_flag("--version", "posthaste " POSTHASTE_VERSION, "Show the version");
    app.require_subcommand(1);

    posthaste::command chosen;
    posthaste::add_run_command(app, chosen);      // the daemon
    posthaste::add_dev_command(app, chosen);      // the daemon and the sandbox in one process, to try it
    posthaste::add_check_command(app, chosen);    // what is wrong with configuration, key, outbox or upstream
    posthaste::add_recover_command(app, chosen);  // what a damaged outbox still holds, as a new outbox
    posthaste::add_send_command(app, chosen);     // one event to a running daemon
    posthaste::add_status_command(app, chosen);   // how the daemon fares, at a glance
    posthaste::add_events_command(app, chosen);   // what is kept, as a table
    posthaste::add_show_command(app, chosen);     // one event's story
    posthaste::add_retry_command(app, chosen);    // dead events once more
    posthaste::add_discard_command(app, chosen);  // events gone for good
    posthaste::add_pause_command(app, chosen);    // delivering stops
    posthaste::add_resume_command(app, chosen);   // and goes on
    posthaste::add_drain_command(app, chosen);    // until nothing is pending
    posthaste::add_export_command(app, chosen);   // what is pending or dead, as lines
    posthaste::add_import_command(app, chosen);   // such lines into a running daemon
    posthaste::add_sandbox_command(app, chosen);  // the local stand-in for the upstream
    return static_cast<int>(posthaste::run_command_line(app, chosen, argc, argv));
}
