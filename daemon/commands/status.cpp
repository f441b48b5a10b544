// `posthaste status`: how the running daemon fares, once or redrawn every second.

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
#include "daemon/commands/interruption.hpp"
#include "daemon/commands/redrawn_lines.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/status_text.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

using std::chrono::steady_clock;

constexpr seconds between_looks{1};

struct status_options {
    client_options daemon;
    bool watch = false;
    bool json = false;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste status: " << what << "\n";
    return code;
}

// What the daemon says of itself at one moment.
struct observation {
    nlohmann::ordered_json status;
    nlohmann::ordered_json readiness;

    [[nodiscard]] bool ready() const { return text_of(nlohmann::json(readiness), "status") == "ok"; }
};

// What came instead of it.
struct refused_look {
    start_failure why;
    daemon_answer answer{};  // with a status: the daemon's refusal
};

result<observation, refused_look> look(const daemon_client& client) {
    const auto status = client.get("/v1/status");
    if (!status) return refused_look{status.error()};
    if (status->status != 200) return refused_look{{exit_code::failed, "the daemon refuses to tell"}, *status};
    const auto ready = client.get("/readyz");
    if (!ready) return refused_look{ready.error()};
    observation seen{nlohmann::ordered_json::parse(status->body, nullptr, false),
                     nlohmann::ordered_json::parse(ready->body, nullptr, false)};
    if (!seen.status.is_object() || !seen.status.contains("queue") || !seen.readiness.is_object())
        return refused_look{{exit_code::failed, "the answer is not posthaste's: is it another program?"}};
    return seen;
}

exit_code tell(const refused_look& instead) {
    if (instead.answer.status != 0) return tell_refusal("posthaste status", instead.answer);
    return fail(instead.why.code, instead.why.message);
}

exit_code verdict_of(const observation& seen) {
    return seen.ready() ? exit_code::done : exit_code::failed;
}

void print_json(observation seen) {
    seen.status["ready"] = seen.ready();
    seen.status["notReadyBecause"] =
        seen.ready() ? nlohmann::ordered_json::array() : std::move(seen.readiness["reasons"]);
    std::cout << seen.status.dump() << std::endl;
}

std::vector<status_line> lines_of(const observation& seen) {
    const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    return status_lines(nlohmann::json(seen.status), nlohmann::json(seen.readiness), now);
}

// What is past: whether it was ready is of no use any more, and no colour tells that all is well.
std::vector<status_line> past_lines_of(const observation& seen) {
    auto lines = lines_of(seen);
    lines.front().text = "as it was seen last:";
    for (auto& line : lines)
        line.colour = paint::none;
    return lines;
}

exit_code run_once(const daemon_client& client, bool as_json) {
    auto seen = look(client);
    if (!seen) return tell(seen.error());
    const auto verdict = verdict_of(*seen);
    if (as_json) {
        print_json(*std::move(seen));
    } else {
        for (const auto& line : laid_out(lines_of(*seen), screen_of(STDOUT_FILENO)))
            std::cout << line << "\n";
    }
    return verdict;
}

// Until Ctrl-C. A daemon that went away may come back: it is looked for again, once it was seen.
class watcher {
  public:
    watcher(const daemon_client& client, bool as_json) : client_(client), as_json_(as_json) {}

    exit_code run() {
        auto verdict = exit_code::failed;
        bool first = true;
        do {
            const auto seen = look(client_);
            if (!seen && (first || as_json_)) return tell(seen.error());
            if (seen) show(*seen);
            if (!std::cout) return exit_code::done;  // which the end of the command looks into
            if (!seen) show_absence(seen.error());
            verdict = seen ? verdict_of(*seen) : exit_code::failed;
            first = false;
        } while (interruption::sleep_until(steady_clock::now() + between_looks));
        return verdict;
    }

  private:
    void show(const observation& seen) {
        if (as_json_) return print_json(seen);
        last_ = seen;
        lines_.show(laid_out(lines_of(seen), screen_of(STDOUT_FILENO)));
    }

    // Above what was seen last, so that it can still be read.
    void show_absence(const refused_look& instead) {
        auto lines = past_lines_of(last_);
        lines.insert(lines.begin(), {"GONE", printable(instead.why.message, 1024) + "; looking again", paint::red});
        lines_.show(laid_out(lines, screen_of(STDOUT_FILENO)));
    }

    const daemon_client& client_;
    const bool as_json_;
    observation last_;
    redrawn_lines lines_{STDOUT_FILENO};
};

exit_code run_status(const status_options& options) {
    if (options.watch && !options.json && !screen_of(STDOUT_FILENO).redraws)
        return fail(exit_code::usage,
                    "--watch redraws a terminal, and this is none that can; with --json it prints a "
                    "line a second anywhere");
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    const daemon_client client(*std::move(server));
    if (!options.watch) return run_once(client, options.json);
    const interruption watched;
    return watcher(client, options.json).run();
}

}  // namespace

void add_status_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<status_options>();
    auto* command_line = app.add_subcommand("status", "Show how the running daemon fares");
    command_line->footer("Exit code 1 when it cannot take events (or, with --watch, could not when you stopped it).");
    command_line->add_flag("--watch", options->watch, "Show it anew every second, until Ctrl-C");
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print it as JSON; with --watch a line a second");
    command_line->callback([options, &chosen] { chosen = [options] { return run_status(*options); }; });
}

}  // namespace posthaste
