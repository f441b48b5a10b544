#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/commands/commands.hpp"
#include "daemon/commands/config_options.hpp"
#include "daemon/commands/slack_printer.hpp"
#include "daemon/sandbox/server.hpp"
#include "daemon/supervisor/chance.hpp"
#include "lib/base/log.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/run_guarded.hpp"
#include "lib/base/text.hpp"
#include "lib/config/file.hpp"
#include "lib/config/network_readers.hpp"
#include "lib/config/secret.hpp"
#include "lib/sandbox/sample.hpp"

namespace posthaste {

namespace {

constexpr std::size_t largest_configuration = 1 * MiB;
constexpr std::size_t largest_webhook_url = 4 * KiB;

struct sandbox_arguments {
    std::string listen = "127.0.0.1:8651";
    std::optional<std::string> config_file;
    std::optional<std::string> key_file;
    fault_settings faults;
    std::optional<std::uint32_t> retry_after;
    std::string latency = "0s";
    std::string jitter = "0s";
};

// Gathers the options, and every problem with them.
class option_reader {
  public:
    explicit option_reader(const sandbox_arguments& arguments) : arguments_(arguments) {}

    sandbox_options read() {
        sandbox_options options;
        read_listen(options);
        read_configuration(options);
        read_key(options);
        read_faults(options);
        options.now = read_clocks;
        options.random = seeded_random();
        options.show = print_slack_message;
        return options;
    }

    std::vector<std::string> problems;

  private:
    void read_listen(sandbox_options& options) {
        if (auto address = parse_loopback_address(arguments_.listen))
            options.listen = *address;
        else
            problems.push_back("--listen: " + address.error());
    }

    void read_configuration(sandbox_options& options) {
        std::string text(sample_sandbox_configuration);
        const std::string file = arguments_.config_file.value_or("the sample configuration");
        if (arguments_.config_file) {
            auto content = read_whole_file(file, largest_configuration);
            if (!content) return problems.push_back(printable(file) + " cannot be read: " + content.error().reason);
            text = std::move(content->text);
        }
        auto read = read_sandbox_configuration(text, file);
        if (!read) {
            for (const config_problem& problem : read.error())
                problems.push_back(problem.text);
            return;
        }
        options.configuration = *std::move(read);
        for (workflow& each : options.configuration.workflows)
            if (each.webhook_url_file) read_webhook(each);
    }

    // The URL is a secret: whoever has it can post. No problem shows it.
    void read_webhook(workflow& into) {
        const std::string path = printable(*into.webhook_url_file);
        const auto refuse = [&](const std::string& why) { problems.push_back("webhook_url_file " + path + why); };
        const auto content = read_whole_file(*into.webhook_url_file, largest_webhook_url);
        if (!content) return refuse(" cannot be read: " + content.error().reason);
        if (const auto open = openness_fault(*into.webhook_url_file, content->mode)) return refuse(*open);
        const auto end = content->text.find_last_not_of(" \t\r\n");
        const auto read = parse_url(std::string_view(content->text).substr(0, end + 1));
        if (!read || (!read->tls && !is_loopback_host(read->host)))
            return refuse(" holds no https:// URL: put the incoming webhook's URL alone there");
        into.webhook = *read;
    }

    void read_key(sandbox_options& options) {
        if (!arguments_.key_file) return;
        if (auto key = load_api_key(arguments_.key_file, process_environment()))
            options.key = key->value;
        else
            problems.push_back("--key-file: " + key.error());
    }

    void read_faults(sandbox_options& options) {
        options.faults = arguments_.faults;
        if (arguments_.retry_after) options.faults.retry_after = seconds{*arguments_.retry_after};
        options.faults.latency = read_duration("--latency", arguments_.latency);
        options.faults.jitter = read_duration("--jitter", arguments_.jitter);
        for (const std::string& problem : check_faults(options.faults))
            problems.push_back(problem);
    }

    milliseconds read_duration(const char* option, const std::string& text) {
        const auto duration = parse_duration(text);
        if (!duration)
            problems.push_back(std::string(option) + ": expected a duration such as 50ms or 2s, found \"" +
                               printable(text) + "\"");
        return duration.value_or(milliseconds{0});
    }

    const sandbox_arguments& arguments_;
};

exit_code run_sandbox(const sandbox_arguments& arguments) {
    option_reader reader(arguments);
    sandbox_options options = reader.read();
    for (const std::string& problem : reader.problems)
        std::fprintf(stderr, "posthaste sandbox: %s\n", problem.c_str());
    if (!reader.problems.empty()) return exit_code::usage;

    const bool any_key = options.key.empty();
    start_logging(log_level::info, log_format::text);
    boost::asio::io_context io{1};
    sandbox_server server(io, std::move(options));
    if (const auto opened = server.open(); !opened) {
        stop_logging();
        std::fprintf(stderr, "posthaste sandbox: %s\n", opened.error().message.c_str());
        return opened.error().code;
    }

    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code& failed, int) {
        if (failed) return;
        server.stop([&signals] { signals.cancel(); });
        signals.async_wait([](const boost::system::error_code& again, int) {
            if (!again) std::_Exit(static_cast<int>(exit_code::failed));
        });
    });
    server.start();
    std::printf("The sandbox listens on %s and takes %s. Each Slack message its workflows make appears here.\n",
                server.address().c_str(), any_key ? "any bearer key" : "the key of --key-file");
    std::fflush(stdout);
    run_guarded("sandbox", [&io] { io.run(); });
    stop_logging();
    return exit_code::done;
}

// Whether the text is a number at all: what it may be is judged with everything else.
template <class Number>
std::string number_fault(const std::string& text, const char* wanted) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool fine = error == std::errc{} && end == text.data() + text.size();
    return fine ? "" : std::string("expected ") + wanted + ", found \"" + printable(text, 60) + "\"";
}

std::string rate_fault(const std::string& text) {
    return number_fault<double>(text, "a number from 0 to 1");
}

std::string status_fault(const std::string& text) {
    return number_fault<unsigned>(text, "a whole number from 400 to 599");
}

std::string seconds_fault(const std::string& text) {
    return number_fault<std::uint32_t>(text, "a whole number from 0 to 86400");
}

void add_fault_options(CLI::App& to, sandbox_arguments& arguments) {
    const char* const group = "Faults (rates are shares of the requests, from 0 to 1)";
    fault_settings& faults = arguments.faults;
    to.add_option("--fail-rate", faults.fail_rate, "To answer with --status")
        ->type_name("RATE")
        ->check(rate_fault)
        ->group(group);
    to.add_option("--status", faults.status, "Status of those answers, 400 to 599")
        ->capture_default_str()
        ->check(status_fault)
        ->group(group);
    to.add_option("--retry-after", arguments.retry_after, "Seconds in their Retry-After")
        ->check(seconds_fault)
        ->group(group);
    to.add_option("--latency", arguments.latency, "Wait before every answer")->type_name("DURATION")->group(group);
    to.add_option("--jitter", arguments.jitter, "Give or take so much")->type_name("DURATION")->group(group);
    to.add_option("--drop-rate", faults.drop_rate, "To take, but never answer")
        ->type_name("RATE")
        ->check(rate_fault)
        ->group(group);
    to.add_option("--close-rate", faults.close_rate, "To answer, and then close the connection")
        ->type_name("RATE")
        ->check(rate_fault)
        ->group(group);
}

}  // namespace

void add_sandbox_command(CLI::App& app, command& chosen) {
    auto arguments = std::make_shared<sandbox_arguments>();
    CLI::App* added = app.add_subcommand("sandbox", "The local stand-in for the upstream, alone");
    added->footer(
        "It answers GET /users/{username} and POST /run/event as the upstream does, with or without a version in the\n"
        "path, and runs the workflows of its configuration. GET /messages shows the Slack messages so far; GET and\n"
        "PUT /faults show and change its faults while it runs.");
    added->add_option("--listen", arguments->listen, "Loopback address and port; port 0 takes a free one")
        ->type_name("ADDRESS")
        ->capture_default_str();
    added->add_option("--config", arguments->config_file, "Its events and workflows (default: the sample's)")
        ->type_name("FILE");
    added->add_option("--key-file", arguments->key_file, "The bearer key to ask for (default: any key will do)")
        ->type_name("FILE");
    add_fault_options(*added, *arguments);
    added->callback([arguments, &chosen] { chosen = [arguments] { return run_sandbox(*arguments); }; });
}

}  // namespace posthaste
