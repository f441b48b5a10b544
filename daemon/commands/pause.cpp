// `posthaste pause` and `posthaste resume`: delivering stops, or goes on; accepting is not touched.

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/upstream_words.hpp"

namespace posthaste {

namespace {

struct switch_options {
    std::string name;  // of the command
    client_options daemon;
    bool json = false;
};

exit_code fail(const switch_options& options, const start_failure& why) {
    std::cerr << "posthaste " << options.name << ": " << why.message << "\n";
    return why.code;
}

exit_code run_switch(const switch_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(options, server.error());
    const auto answer = daemon_client(*std::move(server)).post_json("/v1/" + options.name, "");
    if (!answer) return fail(options, answer.error());
    if (answer->status != 200) return tell_refusal("posthaste " + options.name, *answer);
    const auto upstream = nlohmann::json::parse(answer->body, nullptr, false);
    if (text_of(upstream, "state").empty())
        return fail(options, {exit_code::failed, "the answer is not posthaste's: is it another program?"});
    if (options.json)
        std::cout << answer->body << "\n";
    else
        std::cout << upstream_in_words(upstream) << "\n";
    return exit_code::done;
}

void add_switch(CLI::App& app, command& chosen, const char* name, const char* description, const char* footer) {
    auto options = std::make_shared<switch_options>();
    options->name = name;
    auto* command_line = app.add_subcommand(name, description);
    command_line->footer(footer);
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print the upstream's state as JSON");
    command_line->callback([options, &chosen] { chosen = [options] { return run_switch(*options); }; });
}

}  // namespace

void add_pause_command(CLI::App& app, command& chosen) {
    add_switch(app, chosen, "pause", "Stop delivering; events are still accepted and kept",
               "What is in flight ends as it would have. The pause lasts, over a restart too, until posthaste resume.");
}

void add_resume_command(CLI::App& app, command& chosen) {
    add_switch(app, chosen, "resume", "Go on delivering, whatever it was paused for",
               "It also ends a pause that posthaste made by itself, once you have seen to its reason.");
}

}  // namespace posthaste
