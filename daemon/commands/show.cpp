// `posthaste show`: one event's story.

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/event_filter.hpp"
#include "daemon/commands/event_story.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/terminal.hpp"
#include "daemon/commands/text_columns.hpp"
#include "lib/base/percent.hpp"
#include "lib/http/raw_member.hpp"

namespace posthaste {

namespace {

using nlohmann::json;

constexpr int most_pages = 20;  // of the user's events, to find those before this one

struct show_options {
    std::string id;
    client_options daemon;
    bool json = false;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste show: " << what << "\n";
    return code;
}

// What explains the event is asked for beside it; where it is not told, as to an app's token, the story does without.
json asked(const daemon_client& client, const std::string& target) {
    const auto answer = client.get(target);
    return answer && answer->status == 200 ? json::parse(answer->body, nullptr, false) : json();
}

earlier_events earlier_than(const daemon_client& client, const json& facts) {
    earlier_events found;
    bool met = false;  // the event itself: what comes behind it in the list is older
    std::string cursor;
    for (int page = 0; page < most_pages; ++page) {
        const auto events = asked(
            client, "/v1/events?state=pending&limit=500&userId=" + percent_encoded(text_of(facts, "userId")) + cursor);
        for (const auto& each : member_of(events, "events")) {
            if (met) {
                ++found.count;
                found.first_id = text_of(each, "id");
            }
            met = met || text_of(each, "id") == text_of(facts, "id");
        }
        const auto next = text_of(events, "nextCursor");
        found.known = events.is_object() && next.empty() && met;
        if (next.empty()) break;
        cursor = "&cursor=" + percent_encoded(next);
    }
    return found;
}

void print_story(const told_event& event, const std::string& body) {
    const auto on = screen_of(STDOUT_FILENO);
    constexpr std::size_t indent = 2;
    const std::size_t columns = on.columns == 0 ? 0 : std::max<std::size_t>(on.columns, indent + 2) - indent - 1;
    const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    for (const auto& paragraph : event_story(event, now)) {
        // Nothing that an event holds begins a line, and passes for a word of ours.
        std::string before;
        for (const auto& line : wrapped(paragraph, columns))
            std::cout << std::exchange(before, std::string(indent, ' ')) << line << "\n";
    }
    const auto data = raw_member(body, "data");
    if (!data || *data == "null") return;
    std::cout << "Its data, as posted:\n";
    for (const auto& line : data_lines(*data))
        std::cout << "  " << line << "\n";
}

exit_code run_show(const show_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    const daemon_client client(*std::move(server));
    const auto answer = client.get("/v1/events/" + options.id);
    if (!answer) return fail(answer.error().code, answer.error().message);
    if (answer->status != 200) return tell_refusal("posthaste show", *answer);
    told_event event{json::parse(answer->body, nullptr, false)};
    if (text_of(event.facts, "state").empty())
        return fail(exit_code::failed, "the answer is not posthaste's: is it another program?");
    if (options.json) {
        std::cout << answer->body << "\n";
        return exit_code::done;
    }
    if (text_of(event.facts, "state") == "pending") {
        event.upstream = member_of(asked(client, "/v1/status"), "upstream");
        if (text_of(event.facts, "nextAttemptAt").empty()) event.earlier = earlier_than(client, event.facts);
    }
    print_story(event, answer->body);
    return exit_code::done;
}

}  // namespace

void add_show_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<show_options>();
    auto* command_line = app.add_subcommand("show", "Tell one event's story: what happened, and what it waits for");
    command_line->footer("It also shows the data, which is the app's own: mind who looks over your shoulder.");
    command_line->add_option("ID", options->id, "The event's id")->required()->check(event_id_fault);
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print what is kept of it as JSON");
    command_line->callback([options, &chosen] { chosen = [options] { return run_show(*options); }; });
}

}  // namespace posthaste
