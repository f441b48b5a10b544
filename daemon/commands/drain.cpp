// `posthaste drain`: waits until the running daemon has nothing left to deliver.

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/interruption.hpp"
#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/upstream_words.hpp"
#include "lib/base/quantity.hpp"

namespace posthaste {

namespace {

using std::chrono::steady_clock;

constexpr milliseconds between_looks{500};

struct drain_options {
    std::optional<std::string> timeout;
    client_options daemon;
    bool json = false;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste drain: " << what << "\n";
    return code;
}

class drainer {
  public:
    drainer(const drain_options& options, daemon_place server) : options_(options), client_(std::move(server)) {
        if (options.timeout) deadline_ = steady_clock::now() + *parse_duration(*options.timeout);
    }

    exit_code run() {
        for (;;) {
            const auto answer = client_.get("/v1/status");
            if (!answer) return gone(answer.error());
            if (answer->status != 200) return refused(*answer);
            if (!read(*answer)) return fail(exit_code::failed, "the answer is not posthaste's: is it another program?");
            if (pending_ == 0) return drained();
            draw();
            if (!wait()) return given_up();
        }
    }

  private:
    bool read(const daemon_answer& answer) {
        const auto status = nlohmann::json::parse(answer.body, nullptr, false);
        const nlohmann::json::json_pointer pending("/queue/pending");
        if (!status.is_object() || !status.contains(pending) || !status[pending].is_number_unsigned()) return false;
        pending_ = status[pending].get<std::uint64_t>();
        most_pending_ = std::max(most_pending_, pending_);
        upstream_ = status.value("upstream", nlohmann::json::object());
        looked_ = true;
        return true;
    }

    void draw() {
        const auto now = steady_clock::now();
        // What came in the meantime is no progress: the rate is that at which the queue gets shorter.
        rate_.note(now, most_pending_ - pending_);
        if (!options_.json)
            bar_.show({most_pending_ - pending_, most_pending_, rate_.per_second(), rate_.time_for(pending_)});
    }

    // Until the next look; false when the time is over or a person wants no more.
    bool wait() const {
        const auto next = steady_clock::now() + between_looks;
        const auto until = deadline_ ? std::min(next, *deadline_) : next;
        return interruption::sleep_until(until) && until == next;
    }

    exit_code drained() {
        bar_.clear();
        if (options_.json)
            print_json(true);
        else
            std::cout << "nothing is pending\n";
        return exit_code::done;
    }

    exit_code given_up() {
        bar_.clear();
        if (options_.json) print_json(false);
        const std::string when = interruption::seen() ? "" : " after " + *options_.timeout;
        return fail(exit_code::failed, events_text(pending_) + (pending_ == 1 ? " is" : " are") + " still pending" +
                                           when + "; " + upstream_in_words(upstream_));
    }

    exit_code gone(const start_failure& why) {
        bar_.clear();
        if (!looked_) return fail(why.code, why.message);
        return fail(exit_code::failed, "the daemon went away with " + events_text(pending_) +
                                           " pending, which are on its disk and are delivered once it runs again (" +
                                           why.message + ")");
    }

    exit_code refused(const daemon_answer& answer) {
        bar_.clear();
        return tell_refusal("posthaste drain", answer);
    }

    void print_json(bool drained) const {
        std::cout << nlohmann::ordered_json{{"drained", drained}, {"pending", pending_}, {"upstream", upstream_}}.dump()
                  << "\n";
    }

    const drain_options& options_;
    daemon_client client_;
    std::optional<steady_clock::time_point> deadline_;
    progress_bar bar_{STDOUT_FILENO};
    progress_rate rate_;
    bool looked_ = false;
    std::uint64_t pending_ = 0;
    std::uint64_t most_pending_ = 0;
    nlohmann::json upstream_;
};

exit_code run_drain(const drain_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    const interruption watched;
    return drainer(options, *std::move(server)).run();
}

std::string duration_fault(const std::string& text) {
    if (is_endless_duration(text)) return "expected a shorter duration, such as 10m";
    return parse_duration(text) ? "" : "expected a duration with its unit, such as 10m";
}

}  // namespace

void add_drain_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<drain_options>();
    auto* command_line = app.add_subcommand("drain", "Wait until nothing is pending");
    command_line->footer(
        "Events are accepted and delivered as ever, so stop posting first. Dead events are not waited for. On a\n"
        "terminal it shows how far it is. Exit code 1 when the time is over, with what is left and why.");
    command_line
        ->add_option("--timeout", options->timeout, "Wait no longer than this, such as 10m; for ever without it")
        ->type_name("DURATION")
        ->check(duration_fault);
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print the outcome as JSON");
    command_line->callback([options, &chosen] { chosen = [options] { return run_drain(*options); }; });
}

}  // namespace posthaste
