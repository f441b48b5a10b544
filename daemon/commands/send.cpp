// `posthaste send`: one event, or the lines of a file, to a running daemon.

#include <memory>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/commands/commands.hpp"
#include "daemon/commands/send_options.hpp"
#include "lib/base/quantity.hpp"
#include "lib/http/idempotency.hpp"

namespace posthaste {

namespace {

constexpr std::size_t longest_key_of_many = longest_idempotency_key - 20;  // "-1", "-2" … is appended

exit_code run_send(const send_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail_to_send(server.error().code, server.error().message);
    return options.ndjson ? send_many(options, *std::move(server)) : send_one(options, *std::move(server));
}

std::string duration_fault(const std::string& text) {
    const auto duration = parse_duration(text);
    if (duration && *duration == milliseconds{0}) return "expected a duration over 0, such as 10s";
    if (is_endless_duration(text)) return "expected a shorter duration, such as 10s";
    return duration ? "" : "expected a duration with its unit, such as 10s";
}

std::string key_fault(const std::string& key) {
    return is_idempotency_key(key) ? "" : "expected 1 to 255 visible ASCII characters without a space, such as a UUID";
}

// What goes with what; the command line was read.
void check_together(const send_options& options) {
    if (!options.ndjson) {
        if (!options.event) throw CLI::RequiredError("EVENT");
        if (!options.user) throw CLI::RequiredError("--user");
        return;
    }
    const auto refuse = [](bool given, const std::string& name) {
        if (given) throw CLI::ValidationError("--ndjson", "the events are whole in the file: leave " + name + " out");
    };
    refuse(options.event.has_value(), "EVENT");
    refuse(options.user.has_value(), "--user");
    refuse(options.data.has_value(), "--data");
    if (options.wait) throw CLI::ValidationError("--ndjson", "only one event can be waited for: leave --wait out");
    if (options.key && options.key->size() > longest_key_of_many)
        throw CLI::ValidationError("--idempotency-key", "expected at most 235 characters beside --ndjson");
}

}  // namespace

void add_send_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<send_options>();
    auto* send = app.add_subcommand("send", "Send one event, or the lines of a file, to the running daemon");
    send->footer(
        "Examples:\n"
        "  posthaste send 'Ticket Created' --user 10101010101010 --data '{\"ticketName\": \"Refund request\",\n"
        "    \"customerEmail\": \"ada@example.com\", \"description\": \"Please help\"}'\n"
        "  posthaste send 'Ticket Created' --user 10101010101010 --data @ticket.json --wait 10s\n"
        "  posthaste send --ndjson events.ndjson --idempotency-key import-2026-11\n"
        "  zcat events.ndjson.gz | posthaste send --ndjson -\n\n"
        "--wait: exit code 0 when the event was delivered, or is still queued when the time is over; 1 when the\n"
        "upstream refuses it.\n"
        "--ndjson: each line is a whole event, {\"event\": …, \"userId\": …, \"data\": …}; empty lines are passed "
        "over.\n"
        "1,000 lines or 4 MiB go in one request, all or none of them; fewer where the daemon does not take so many. "
        "It\n"
        "stops at a line that is wrong. A key makes it safe to run it again within 24 hours: what was queued before "
        "is\n"
        "not queued again, as long as the lines before that are the same.");
    send->add_option("EVENT", options->event, "The event's name");
    send->add_option("--user", options->user, "The user it belongs to: its userId")->type_name("ID");
    send->add_option("--data", options->data, "The event's data: JSON, - for standard input, or @FILE; {} without it")
        ->type_name("JSON|-|@FILE");
    send->add_option("--wait", options->wait,
                     "Wait so long for its delivery, such as 10s: whole seconds (rounded up), 60 at most")
        ->type_name("DURATION")
        ->check(duration_fault);
    send->add_option("--ndjson", options->ndjson, "Send many events: the lines of this file, or - for standard input")
        ->type_name("FILE|-");
    send->add_option("--idempotency-key", options->key,
                     "Within 24 hours the same key stores nothing twice; with --ndjson request N has the key K-N")
        ->type_name("K")
        ->check(key_fault);
    add_client_options(*send, options->daemon);
    send->add_flag("--json", options->json, "Print the outcome as JSON");
    send->callback([options, &chosen] {
        check_together(*options);
        chosen = [options] { return run_send(*options); };
    });
}

}  // namespace posthaste
