#include "daemon/commands/kill_trial.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/commands/client.hpp"
#include "daemon/commands/interruption.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/supervisor/chance.hpp"
#include "daemon/supervisor/daemon.hpp"
#include "lib/base/log.hpp"
#include "lib/base/run_guarded.hpp"
#include "lib/base/url.hpp"
#include "lib/outbox/outbox.hpp"

namespace posthaste {

namespace {

using asio_tcp = boost::asio::ip::tcp;

constexpr seconds patience{30};
constexpr milliseconds glance{5};
constexpr std::size_t connections = 4;
constexpr std::uint64_t fewest_events = 50;  // a life's, before the kill
constexpr std::uint64_t spread_of_events = 250;
constexpr const char* event_body =
    R"({"event":"Durability Check","userId":"check","data":{"note":"made by posthaste check --durability"}})";

start_failure failed(std::string why) {
    return {exit_code::failed, std::move(why)};
}

// A port that refuses every connection for as long as this lives: bound, and never listened on.
class closed_port {
  public:
    [[nodiscard]] bool open() {
        boost::system::error_code error;
        socket_.open(asio_tcp::v4(), error);
        if (!error) socket_.bind({boost::asio::ip::address_v4::loopback(), 0}, error);
        return !error;
    }
    [[nodiscard]] std::uint16_t number() const { return socket_.local_endpoint().port(); }

  private:
    boost::asio::io_context io_{1};
    asio_tcp::socket socket_{io_};
};

void write_line(int to, const std::string& text) {
    static_cast<void>(::write(to, text.data(), text.size()) < 0);  // whoever reads it may be gone
}

// The daemon, in a process of its own that ends with this one.
class killable_daemon {
  public:
    explicit killable_daemon(const settings& chosen) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return;
        report_ = file_handle(ends[0]);
        const file_handle to_parent(ends[1]);
        const pid_t parent = ::getpid();
        id_ = ::fork();
        if (id_ == 0) be_the_daemon(chosen, parent, to_parent.get());
    }
    ~killable_daemon() { kill(); }

    killable_daemon(const killable_daemon&) = delete;
    killable_daemon& operator=(const killable_daemon&) = delete;

    // Where it takes events.
    [[nodiscard]] result<url, start_failure> wait_until_ready() const {
        if (id_ < 0) return failed(std::string("no process can be started: ") + std::strerror(errno));
        const auto deadline = std::chrono::steady_clock::now() + patience;
        std::string line;
        while (!line.ends_with('\n') && std::chrono::steady_clock::now() < deadline && !interruption::seen()) {
            pollfd readable{report_.get(), POLLIN, 0};
            if (::poll(&readable, 1, 50) <= 0) continue;
            char text[512];
            const auto size = ::read(report_.get(), text, sizeof text);
            if (size <= 0) break;
            line.append(text, static_cast<std::size_t>(size));
        }
        if (!line.empty()) line.pop_back();
        auto address = parse_url(line);
        if (address) return *std::move(address);
        return failed("the daemon to be killed did not start" + (line.empty() ? "" : ": " + line));
    }

    void kill() {
        if (id_ <= 0) return;
        ::kill(id_, SIGKILL);
        while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR)
            continue;
        id_ = -1;
    }

  private:
    [[noreturn]] static void be_the_daemon(const settings& chosen, pid_t parent, int report) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) std::_Exit(1);
        start_logging(log_level::error, log_format::text);
        daemon_hooks hooks;
        hooks.ready = [report](const std::vector<std::string>& addresses) { write_line(report, addresses[0] + "\n"); };
        const auto ran = run_daemon(chosen, hooks);
        if (!ran) write_line(report, ran.error().message + "\n");
        stop_logging();
        std::_Exit(ran ? 0 : static_cast<int>(ran.error().code));
    }

    pid_t id_ = -1;
    file_handle report_;
};

// Events posted on several connections, one after the other on each, until the daemon is gone.
class post_load {
  public:
    explicit post_load(const url& server) {
        for (std::size_t n = 0; n < connections; ++n) {
            threads_.emplace_back(
                [this, server, &ids = ids_[n]] { run_guarded("load", [&] { post_to(server, ids); }); });
        }
    }
    ~post_load() { join(); }

    post_load(const post_load&) = delete;
    post_load& operator=(const post_load&) = delete;

    [[nodiscard]] std::uint64_t acknowledged() const noexcept { return count_; }

    // To be called once the daemon is gone. Gives the ids that were acknowledged.
    std::vector<std::string> finish() {
        join();
        std::vector<std::string> all;
        for (const auto& ids : ids_) {
            all.insert(all.end(), ids.begin(), ids.end());
        }
        return all;
    }

  private:
    void post_to(const url& server, std::vector<std::string>& ids) {
        const daemon_client client(daemon_place{.address = server});
        while (const auto answer = client.post_json("/run/event", event_body)) {
            if (answer->status != 202) return;
            ids.push_back(text_of(nlohmann::json::parse(answer->body, nullptr, false), "id"));
            ++count_;
        }
    }
    void join() {
        for (auto& thread : threads_) {
            if (thread.joinable()) thread.join();
        }
    }

    std::array<std::vector<std::string>, connections> ids_;  // a thread's own until it is joined
    std::atomic<std::uint64_t> count_ = 0;
    std::vector<std::thread> threads_;
};

class kill_trial {
  public:
    kill_trial(const std::string& folder, durability how) {
        chosen_.listen.addresses = {listen_address{.host = "127.0.0.1", .port = 0}};
        chosen_.queue.path = folder + "/outbox.db";
        chosen_.queue.durability = how;
        chosen_.queue.disk_reserve = 0;
        chosen_.upstream.api_key = "none";
        chosen_.upstream.api_key_source = "posthaste check";
    }

    result<kill_count, start_failure> run(int kills) {
        closed_port upstream;
        if (!upstream.open()) return failed("no port can be had on 127.0.0.1");
        chosen_.upstream.url = url{false, "127.0.0.1", upstream.number(), ""};
        kill_count count;
        while (count.kills < kills) {
            if (auto killed = kill_once(); !killed) return killed.error();
            if (auto looked = look_for_all(); !looked) return looked.error();
            ++count.kills;
        }
        count.acknowledged = acknowledged_.size();
        count.found = acknowledged_.size() - lost_.size();
        return count;
    }

  private:
    result<void, start_failure> kill_once() {
        killable_daemon daemon(chosen_);
        const auto server = daemon.wait_until_ready();
        if (!server) return server.error();
        const std::uint64_t enough = fewest_events + random_() % spread_of_events;
        const auto deadline = std::chrono::steady_clock::now() + patience;
        post_load load(*server);
        while (load.acknowledged() < enough && std::chrono::steady_clock::now() < deadline && !interruption::seen()) {
            std::this_thread::sleep_for(glance);
        }
        daemon.kill();
        const auto ids = load.finish();
        acknowledged_.insert(acknowledged_.end(), ids.begin(), ids.end());
        if (interruption::seen()) return failed("interrupted");
        if (ids.size() >= enough) return {};
        return failed("the daemon to be killed took only " + std::to_string(ids.size()) + " events");
    }

    // What was found after one kill may be lost by the next.
    result<void, start_failure> look_for_all() {
        auto opened = outbox::open(chosen_.queue, read_clocks().wall);
        if (!opened) return failed("after a kill, " + opened.error().message);
        for (const auto& text : acknowledged_) {
            const auto id = parse_uuid(text);
            const auto facts = id ? (*opened)->find(*id, read_clocks().wall)
                                  : result<std::optional<event_facts>, sqlite_error>{std::nullopt};
            if (!facts) return failed("after a kill, the outbox cannot be read: " + (*opened)->explain(facts.error()));
            if (!*facts) lost_.insert(text);
        }
        return {};
    }

    settings chosen_;
    std::function<std::uint64_t()> random_ = seeded_random();
    std::vector<std::string> acknowledged_;
    std::set<std::string> lost_;
};

}  // namespace

result<kill_count, start_failure> kill_in_mid_load(const std::string& folder, durability how, int kills) {
    return kill_trial(folder, how).run(kills);
}

}  // namespace posthaste
