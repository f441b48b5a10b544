// `posthaste discard`: events are removed for good.

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/event_filter.hpp"
#include "daemon/commands/interruption.hpp"
#include "daemon/commands/mass_change.hpp"
#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

struct discard_options {
    std::vector<std::string> ids;
    bool dead = false;
    bool pending = false;
    event_filter filter;
    bool yes = false;
    client_options daemon;
    bool json = false;

    [[nodiscard]] const char* state() const noexcept { return dead ? "dead" : "pending"; }
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste discard: " << what << "\n";
    return code;
}

// "" or what is wrong with the choice of events.
std::string choice_fault(const discard_options& options) {
    const int choices = (options.ids.empty() ? 0 : 1) + (options.dead ? 1 : 0) + (options.pending ? 1 : 0);
    if (choices == 0)
        return "which events? Name them by their ids, or say --dead or --pending; see posthaste discard --help";
    if (choices > 1) return "ids, --dead, --pending: say one of them";
    if (!options.ids.empty() && !options.filter.empty()) return "filters go with --dead or --pending, not with ids";
    if (options.pending && options.filter.reason) return "--reason goes with --dead: what is pending died of nothing";
    return "";
}

// What there is to lose, so that it can be thought over.
result<std::string, exit_code> question(const daemon_client& client, const discard_options& options) {
    if (!options.ids.empty()) return "Discard " + events_text(options.ids.size()) + " for good?";
    const auto answer = client.get("/v1/status");
    if (!answer) return fail(answer.error().code, answer.error().message);
    if (answer->status != 200) return tell_refusal("posthaste discard", *answer);
    const auto status = nlohmann::json::parse(answer->body, nullptr, false);
    const auto count = number_of(member_of(status, "queue"), options.state());
    if (!count) return fail(exit_code::failed, "the answer is not posthaste's: is it another program?");
    const std::string state = options.state();
    if (options.filter.empty()) return "Discard all that is " + state + ", " + events_text(*count) + ", for good?";
    return "Of " + events_text(*count) + " that " + (*count == 1 ? "is " : "are ") + state + ", discard those" +
           options.filter.words() + " for good?";
}

bool is_consent(std::string_view text) {
    return equals_ignoring_case(text, "y") || equals_ignoring_case(text, "yes");
}

// Empty: go on.
std::optional<exit_code> ask(const daemon_client& client, const discard_options& options) {
    const auto asked = question(client, options);
    if (!asked) return asked.error();
    std::cerr << *asked << " [y/N] " << std::flush;
    std::string text;
    if (!std::getline(std::cin, text)) std::cerr << "\n";
    if (is_consent(trim(text))) return std::nullopt;
    return fail(exit_code::failed, "nothing was discarded");
}

exit_code run_discard(const discard_options& options) {
    if (const auto fault = choice_fault(options); !fault.empty()) return fail(exit_code::usage, fault);
    if (!options.yes && ::isatty(STDIN_FILENO) != 1)
        return fail(exit_code::usage,
                    "it asks before it removes anything, and there is no terminal to ask at: say --yes");
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    const daemon_client client(*std::move(server));
    if (!options.yes) {
        if (const auto over = ask(client, options)) return *over;
    }
    const change_words words{"discard", "discarded",
                             "could not be removed: being sent at that moment, or gone meanwhile", options.json};
    const interruption watched;
    if (!options.ids.empty())
        return change_each(options.ids, words,
                           [&](const std::string& id) { return client.remove("/v1/events/" + id); });
    nlohmann::ordered_json wanted = {{"state", options.state()}};
    wanted.update(options.filter.json());
    return change_matching(client, words, std::move(wanted));
}

}  // namespace

void add_discard_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<discard_options>();
    auto* command_line = app.add_subcommand("discard", "Remove events for good");
    command_line->footer(
        "They are never delivered, and nothing of them is kept but their number (discarded, in posthaste status). It "
        "asks\n"
        "first. An event that is in flight cannot be taken back.");
    command_line->add_option("ID", options->ids, "Events, by their ids")->check(event_id_fault);
    command_line->add_flag("--dead", options->dead, "All that are dead, or those that the filters leave");
    command_line->add_flag("--pending", options->pending, "All that are pending, or those that the filters leave");
    add_filter_options(*command_line, options->filter);
    add_reason_option(*command_line, options->filter);
    command_line->add_flag("--yes", options->yes, "Do not ask");
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print the outcome as JSON");
    command_line->callback([options, &chosen] { chosen = [options] { return run_discard(*options); }; });
}

}  // namespace posthaste
