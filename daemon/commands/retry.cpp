// `posthaste retry`: dead events are sent once more, and a pending one at once.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/event_filter.hpp"
#include "daemon/commands/interruption.hpp"
#include "daemon/commands/mass_change.hpp"

namespace posthaste {

namespace {

struct retry_options {
    std::vector<std::string> ids;
    bool dead = false;
    event_filter filter;
    client_options daemon;
    bool json = false;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste retry: " << what << "\n";
    return code;
}

// "" or what is wrong with the choice of events.
std::string choice_fault(const retry_options& options) {
    if (options.ids.empty() && !options.dead)
        return "which events? Name them by their ids, or say --dead for the dead ones; see posthaste retry --help";
    if (!options.ids.empty() && options.dead) return "ids and --dead: say one of them";
    if (!options.ids.empty() && !options.filter.empty()) return "filters go with --dead, not with ids";
    return "";
}

exit_code run_retry(const retry_options& options) {
    if (const auto fault = choice_fault(options); !fault.empty()) return fail(exit_code::usage, fault);
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    const daemon_client client(*std::move(server));
    const change_words words{"retry", "retried", "could not be sent again: damaged on the disk, or gone meanwhile",
                             options.json};
    const interruption watched;
    if (options.dead) return change_matching(client, words, options.filter.json());
    return change_each(options.ids, words,
                       [&](const std::string& id) { return client.post_json("/v1/events/" + id + "/retry", ""); });
}

}  // namespace

void add_retry_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<retry_options>();
    auto* command_line = app.add_subcommand("retry", "Send dead events again, or a waiting one now");
    command_line->footer(
        "A dead event becomes pending at the end of its user's line, with its attempts counted anew. A pending one "
        "that\n"
        "waits for its next attempt is due at once. No pause and no break that the upstream asked for is overridden.");
    command_line->add_option("ID", options->ids, "Events, by their ids")->check(event_id_fault);
    command_line->add_flag("--dead", options->dead, "All that are dead, or those that the filters leave");
    add_filter_options(*command_line, options->filter);
    add_reason_option(*command_line, options->filter);
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print the outcome as JSON");
    command_line->callback([options, &chosen] { chosen = [options] { return run_retry(*options); }; });
}

}  // namespace posthaste
