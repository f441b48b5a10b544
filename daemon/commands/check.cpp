// `posthaste check`: every problem of the configuration, the key and the store, and on demand of the upstream and the
// disk.

#include <iostream>
#include <memory>
#include <optional>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/commands/check_durability.hpp"
#include "daemon/commands/check_queue.hpp"
#include "daemon/commands/check_report.hpp"
#include "daemon/commands/check_upstream.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/config_options.hpp"
#include "daemon/upstream/tls.hpp"

namespace posthaste {

namespace {

struct check_options {
    config_options config;
    bool upstream = false;
    bool durability = false;
    bool json = false;
};

// What only OpenSSL can tell of upstream.ca_file; the daemon would not start.
std::optional<check_step> check_certificates(const upstream_settings& upstream) {
    if (!upstream.url.tls) return std::nullopt;
    const auto context = make_tls_context(upstream);
    if (context) return std::nullopt;
    return check_step{"certificates", context.error().code, context.error().message};
}

// What is wrong with one part keeps none of the others from being judged.
check_report run_steps(const check_options& options) {
    check_report report;
    const auto loaded = load_in_part(options.config);
    for (const auto& problem : loaded.problems) {
        report.push_back({"configuration", exit_code::usage, problem.text});
    }
    if (loaded.problems.empty()) {
        report.push_back({"configuration", exit_code::done, options.config.file});
        report.push_back({"key", exit_code::done, "from " + loaded.upstream->api_key_source});
    }
    if (loaded.upstream) {
        if (auto certificates = check_certificates(*loaded.upstream)) report.push_back(*std::move(certificates));
    }
    if (loaded.queue) report.push_back(check_queue(*loaded.queue));
    if (options.upstream && loaded.upstream) check_upstream(*loaded.upstream, report);
    if (options.durability && loaded.queue) check_durability(*loaded.queue, report);
    return report;
}

// Problems of the configuration read as they do from every other command.
void print(const check_report& report) {
    for (const auto& step : report) {
        if (step.name == "configuration" && step.code == exit_code::usage) {
            std::cerr << step.detail << "\n";
        } else {
            std::cout << to_text(step);
        }
    }
}

exit_code run_check(const check_options& options) {
    const auto report = run_steps(options);
    if (options.json) {
        std::cout << to_json(report);
    } else {
        print(report);
    }
    return outcome_of(report);
}

}  // namespace

void add_check_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<check_options>();
    auto* check = app.add_subcommand("check", "Check configuration, key and outbox, and on demand upstream and disk");
    add_config_options(*check, options->config);
    check->add_flag("--upstream", options->upstream,
                    "Go the way to the upstream: DNS, TCP, proxy, TLS, key; sends no event");
    check->add_flag("--durability", options->durability,
                    "Measure the disk of the queue's folder, and kill a daemon there ten times to count what is lost");
    check->add_flag("--json", options->json, "Print what was found as JSON");
    check->callback([options, &chosen] { chosen = [options] { return run_check(*options); }; });
}

}  // namespace posthaste
