#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <sys/stat.h>

#include "daemon/commands/commands.hpp"
#include "daemon/commands/slack_printer.hpp"
#include "daemon/sandbox/server.hpp"
#include "daemon/supervisor/chance.hpp"
#include "daemon/supervisor/daemon.hpp"
#include "daemon/supervisor/io_thread.hpp"
#include "lib/base/log.hpp"
#include "lib/base/require.hpp"
#include "lib/base/text.hpp"
#include "lib/config/network_readers.hpp"
#include "lib/sandbox/sample.hpp"

namespace posthaste {

namespace {

// No word of any message: it is hidden in all of them.
constexpr const char* dev_key = "dev-5c0e92d1b7a348f6";

struct dev_arguments {
    std::string listen = "127.0.0.1:8650";
    std::string data;
};

// $XDG_STATE_HOME/posthaste/dev, else ~/.local/state/posthaste/dev (XDG Base Directory); "" without a home.
std::string default_data_folder() {
    const char* state = std::getenv("XDG_STATE_HOME");
    if (state && state[0] == '/') return std::string(state) + "/posthaste/dev";
    const char* home = std::getenv("HOME");
    return home && home[0] == '/' ? std::string(home) + "/.local/state/posthaste/dev" : "";
}

// Events may hold anything: only their owner may look into the folder.
result<void, start_failure> make_folder(const std::string& folder) {
    std::error_code failed;
    const std::filesystem::path path(folder);
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), failed);
    if (!failed && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        failed = std::error_code(errno, std::generic_category());
    if (!failed) return {};
    return start_failure{exit_code::failed, "the folder " + printable(folder) + " cannot be made: " + failed.message() +
                                                "; name another with --data"};
}

sandbox_configuration sample_configuration() {
    auto read = read_sandbox_configuration(sample_sandbox_configuration, "the sample configuration");
    REQUIRE(read, "the sample is sound");
    return *std::move(read);
}

sandbox_options dev_sandbox() {
    sandbox_options options;
    options.listen.port = 0;
    options.configuration = sample_configuration();
    options.key = dev_key;
    options.now = read_clocks;
    options.random = seeded_random();
    options.show = print_slack_message;
    return options;
}

settings dev_settings(const listen_address& listen, const std::string& data, const std::string& upstream) {
    settings chosen;
    chosen.listen.addresses = {listen};
    chosen.queue.path = data + "/outbox.db";
    auto url = parse_url(upstream);
    REQUIRE(url, "the sandbox told its own address");
    chosen.upstream.url = *url;
    chosen.upstream.api_key = dev_key;
    chosen.upstream.api_key_source = "posthaste dev";
    chosen.events = sample_configuration().events;
    return chosen;
}

void print_welcome(const std::string& address, const std::string& upstream, const std::string& outbox) {
    std::printf(
        "posthaste takes events on %s and delivers them to its sandbox on %s.\n"
        "The outbox is %s: what was acknowledged waits there over a restart.\n\n"
        "Post an event:\n\n"
        "  curl %s/run/event -H 'Content-Type: application/json' \\\n"
        "    -d '%.*s'\n\n"
        "Make the upstream fail, and well again; posthaste goes on taking events and retries:\n\n"
        "  curl -X PUT %s/faults -d '{\"fail_rate\": 1}'\n"
        "  curl -X PUT %s/faults -d '{}'\n\n"
        "Dashboard: %s/\n\n"
        "Each Slack message appears here as its event arrives. Ctrl-C stops.\n\n",
        address.c_str(), upstream.c_str(), printable(outbox, 4096).c_str(), address.c_str(),
        static_cast<int>(sample_event.size()), sample_event.data(), upstream.c_str(), upstream.c_str(),
        address.c_str());
    std::fflush(stdout);
}

// The sandbox on a thread of its own, from open() to the end of the object.
class running_sandbox {
  public:
    running_sandbox() : server_(thread_.io(), dev_sandbox()) {}

    ~running_sandbox() {
        if (started_) boost::asio::post(thread_.io(), [this] { server_.stop([] {}); });
        thread_.finish();
    }

    running_sandbox(const running_sandbox&) = delete;
    running_sandbox& operator=(const running_sandbox&) = delete;

    [[nodiscard]] result<void, start_failure> start() {
        if (auto opened = server_.open(); !opened) return opened;
        server_.start();
        thread_.start();
        started_ = true;
        return {};
    }

    [[nodiscard]] std::string address() const { return server_.address(); }

  private:
    io_thread thread_{"sandbox"};
    sandbox_server server_;
    bool started_ = false;
};

result<void, start_failure> run_daemon_and_sandbox(const dev_arguments& arguments) {
    const auto listen = parse_loopback_address(arguments.listen);
    if (!listen) return start_failure{exit_code::usage, "--listen: " + listen.error()};
    if (arguments.data.empty())
        return start_failure{exit_code::usage,
                             "there is no home folder to keep the outbox in: name a folder with --data"};
    if (auto made = make_folder(arguments.data); !made) return made;

    running_sandbox upstream;
    if (auto started = upstream.start(); !started) return started;
    const settings chosen = dev_settings(*listen, arguments.data, upstream.address());
    daemon_hooks hooks;
    hooks.ready = [&](const std::vector<std::string>& addresses) {
        print_welcome(addresses.front(), upstream.address(), chosen.queue.path);
    };
    return run_daemon(chosen, hooks);
}

exit_code run_dev(const dev_arguments& arguments) {
    start_logging(log_level::warn, log_format::text);
    const auto ran = run_daemon_and_sandbox(arguments);
    stop_logging();
    if (ran) return exit_code::done;
    std::fprintf(stderr, "posthaste dev: %s\n", ran.error().message.c_str());
    return ran.error().code;
}

}  // namespace

void add_dev_command(CLI::App& app, command& chosen) {
    auto arguments = std::make_shared<dev_arguments>();
    arguments->data = default_data_folder();
    CLI::App* added = app.add_subcommand("dev", "The daemon and a sandbox in one process: try it without an account");
    added->footer(
        "It knows the sample event \"Ticket Created\" and runs its workflow: each Slack message is printed as its "
        "event\n"
        "arrives. Nothing leaves this machine.");
    added->add_option("--listen", arguments->listen, "Loopback address and port; port 0 takes a free one")
        ->type_name("ADDRESS")
        ->capture_default_str();
    added->add_option("--data", arguments->data, "Folder of the outbox, made when it is not there")
        ->type_name("DIR")
        ->capture_default_str();
    added->callback([arguments, &chosen] { chosen = [arguments] { return run_dev(*arguments); }; });
}

}  // namespace posthaste
