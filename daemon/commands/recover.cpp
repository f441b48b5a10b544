// `posthaste recover`: what a damaged outbox still holds, as a new outbox, and what to do with it then.

#include "lib/outbox/recover.hpp"

#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <unistd.h>

#include "daemon/commands/commands.hpp"
#include "daemon/supervisor/chance.hpp"
#include "lib/base/path_text.hpp"
#include "lib/base/text.hpp"
#include "lib/outbox/files.hpp"

namespace posthaste {

namespace {

struct recover_options {
    std::string from;
    std::string to;
    bool json = false;
};

struct named_table {
    const char* name;
    const char* what;
    const table_recovery& found;
};

std::vector<named_table> tables_of(const recovery_report& report) {
    return {{"pending", "pending events", report.pending},
            {"dead", "dead events", report.dead},
            {"delivered", "facts of delivered events", report.delivered},
            {"histories", "retry histories of pending events", report.histories},
            {"idempotencyKeys", "idempotency keys", report.keys}};
}

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

// Numbers begin at 1; a range that has no end is that of a table whose last pages cannot be read.
std::string text_of(const id_range& range) {
    const auto first = std::to_string(std::max<std::int64_t>(range.first, 1));
    if (range.last == std::numeric_limits<std::int64_t>::max()) return first + " and above";
    return range.first == range.last ? first : first + " to " + std::to_string(range.last);
}

void print_losses(const named_table& table) {
    const auto& [name, what, found] = table;
    if (found.damaged > 0) {
        std::cout << "Not taken: " << found.damaged << " damaged " << what << ", whose checksum or values are wrong.\n";
    }
    if (found.unreadable.empty()) return;
    std::cout << "Unreadable: " << what << " with the numbers ";
    for (const auto& range : found.unreadable) {
        std::cout << (&range == &found.unreadable.front() ? "" : ", ") << text_of(range);
    }
    std::cout << ", as far as there were any.\n";
}

void print_dropped_keys(const recovery_report& report) {
    if (report.keys_dropped == 0) return;
    std::cout << "Dropped: " << report.keys_dropped
              << " idempotency keys of events that are lost, or may be: what is repeated with them is stored again.\n";
}

void print_counted(const recovery_report& report) {
    if (!report.counted) {
        std::cout << "Its counters cannot be read: the totals begin anew with what was recovered.\n";
        return;
    }
    const auto missing = [](std::uint64_t counted, std::uint64_t saved) { return counted - std::min(counted, saved); };
    const auto pending = missing(report.counted->pending, report.pending.saved);
    const auto dead = missing(report.counted->dead, report.dead.saved);
    if (pending + dead > 0) {
        std::cout << "By its own count " << pending << " pending and " << dead << " dead events are missing.\n";
    }
}

void print_pause(const recovery_report& report) {
    if (!report.paused) {
        std::cout << "Whether delivery was paused cannot be read: it is not paused now.\n";
    } else if (*report.paused) {
        std::cout << "Delivery was paused, and still is:  posthaste resume  ends that.\n";
    }
}

void print_sources(const recover_options& options, const recovery_report& report) {
    if (report.write_ahead_log == log_use::unusable) {
        std::cout << "Its write-ahead log " << shell_word(options.from + "-wal")
                  << " is damaged from its beginning: the latest events and settlements, which stood there alone, are "
                     "lost.\n";
    } else if (report.write_ahead_log == log_use::in_part) {
        std::cout << "Its write-ahead log " << shell_word(options.from + "-wal")
                  << " is damaged: the latest events and settlements, behind the damage, are lost.\n";
    }
    if (report.first_page_damaged) {
        std::cout
            << "Its first page is damaged. What has to stand there is the same in every outbox: a sound one stood in "
               "for it.\n";
    }
    if (report.unreadable_bytes > 0) {
        std::cout << "The disk gave errors for " << report.unreadable_bytes << " bytes: replace it.\n";
    }
}

// The old log must go with its database: it would be taken for the new one's.
void print_next_steps(const recover_options& options) {
    const std::string& from = options.from;
    std::string aside = from + ".old";
    while (is_there(aside) || is_there(aside + "-wal")) {
        aside += "er";
    }
    std::cout << "\nNothing was changed in " << shell_word(from)
              << ". To go on with what was recovered, with all that may\n"
              << "start posthaste stopped (systemctl stop posthaste.socket posthaste):\n"
              << "  mv " << shell_word(from) << " " << shell_word(aside) << "\n";
    if (is_there(from + "-wal")) {
        std::cout << "  mv " << shell_word(from + "-wal") << " " << shell_word(aside + "-wal") << "\n";
    }
    if (is_there(from + ".damaged")) std::cout << "  rm " << shell_word(from + ".damaged") << "\n";
    std::cout << "  mv " << shell_word(options.to) << " " << shell_word(from) << "\n"
              << "and start posthaste; or leave them all where they are, and set queue.path to "
              << shell_word(options.to)
              << ". It must belong to the user that posthaste runs as. What was delivered shortly before may be "
                 "delivered again. An idempotency key is kept unless an event of its request is lost, or may be: a "
                 "request that is repeated with a lost key is stored again.\n";
}

void print(const recover_options& options, const recovery_report& report) {
    std::cout << "Recovered " << report.pending.saved << " pending events, " << report.dead.saved
              << " dead events and the facts of " << report.delivered.saved << " delivered ones from "
              << shell_word(options.from) << " to " << shell_word(options.to) << ".\n";
    for (const auto& table : tables_of(report)) {
        print_losses(table);
    }
    print_dropped_keys(report);
    print_counted(report);
    print_pause(report);
    print_sources(options, report);
    if (report.complete()) std::cout << "No event that it held is missing.\n";
    print_next_steps(options);
}

std::string to_json(const named_table& table) {
    std::string text = json_quote(table.name) + ":{\"recovered\":" + std::to_string(table.found.saved) +
                       ",\"damaged\":" + std::to_string(table.found.damaged) + ",\"unreadable\":[";
    for (const auto& range : table.found.unreadable) {
        if (text.back() != '[') text += ",";
        const bool open = range.last == std::numeric_limits<std::int64_t>::max();
        text += "{\"first\":" + std::to_string(std::max<std::int64_t>(range.first, 1)) +
                ",\"last\":" + (open ? "null" : std::to_string(range.last)) + "}";
    }
    return text + "]}";
}

std::string to_json(const recover_options& options, const recovery_report& report) {
    std::string text = "{\"from\":" + json_quote(options.from) + ",\"to\":" + json_quote(options.to) +
                       ",\"complete\":" + (report.complete() ? "true" : "false");
    for (const auto& table : tables_of(report)) {
        text += "," + to_json(table);
    }
    text += ",\"idempotencyKeysDropped\":" + std::to_string(report.keys_dropped) + ",\"counted\":";
    text += report.counted ? "{\"pending\":" + std::to_string(report.counted->pending) +
                                 ",\"dead\":" + std::to_string(report.counted->dead) + "}"
                           : "null";
    text += std::string(",\"paused\":") + (!report.paused ? "null" : *report.paused ? "true" : "false");
    return text + ",\"writeAheadLog\":" + json_quote(to_string(report.write_ahead_log)) +
           ",\"firstPageDamaged\":" + (report.first_page_damaged ? "true" : "false") +
           ",\"unreadableBytes\":" + std::to_string(report.unreadable_bytes) + "}\n";
}

exit_code run_recover(recover_options options) {
    options.from = resolved(options.from);
    const auto report = recover_outbox({options.from, options.to, read_clocks().wall});
    if (!report) {
        std::cerr << "posthaste recover: " << report.error().message << "\n";
        return report.error().code;
    }
    if (options.json) {
        std::cout << to_json(options, *report);
    } else {
        print(options, *report);
    }
    return exit_code::done;
}

}  // namespace

void add_recover_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<recover_options>();
    auto* recover = app.add_subcommand("recover", "Save what a damaged outbox still holds into a new outbox");
    recover->footer(
        "The damaged outbox is only read, with its write-ahead log (FILE-wal) where that can be used, and must not be "
        "in\n"
        "use by a daemon. Room is needed for a copy of it beside the new one.");
    recover->add_option("--from", options->from, "The damaged outbox")->type_name("FILE")->required();
    recover->add_option("--to", options->to, "The new outbox, which must not be there yet")
        ->type_name("FILE")
        ->required();
    recover->add_flag("--json", options->json, "Print what was recovered as JSON");
    recover->callback([options, &chosen] { chosen = [options] { return run_recover(*options); }; });
}

}  // namespace posthaste
