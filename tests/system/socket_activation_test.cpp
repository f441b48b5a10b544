// Sockets that are passed to the daemon: they replace listen.addresses, and a restart refuses nobody.

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/socket_activator.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// Apps that take no broken connection for an answer: each request is answered with 202, or with 503 by a daemon that
// is stopping. Half of them connect for each request.
class strict_apps {
  public:
    strict_apps(int count, std::uint16_t port) : port_(port) {
        for (int app = 0; app < count; ++app)
            threads_.emplace_back([this, app] { work(app); });
    }
    ~strict_apps() { finish(); }

    strict_apps(const strict_apps&) = delete;
    strict_apps& operator=(const strict_apps&) = delete;

    void finish() {
        finishing_ = true;
        for (auto& thread : threads_)
            if (thread.joinable()) thread.join();
    }
    [[nodiscard]] std::size_t taken() const { return taken_; }
    [[nodiscard]] std::set<std::string> ids() const { return ids_; }               // once finished
    [[nodiscard]] std::vector<std::string> failures() const { return failures_; }  // once finished

  private:
    void work(int app) {
        const bool connects_each_time = app % 2 == 0;
        std::unique_ptr<raw_socket> connection;
        for (int number = 1; !finishing_; ++number) {
            if (!connection || connects_each_time) connection = std::make_unique<raw_socket>(port_);
            const auto body = load_body({"app-" + std::to_string(app), number});
            const auto answer = ask(*connection, body);
            keep(app, number, answer);
            if (!answer || answer->header("connection") == "close") connection.reset();
        }
    }
    std::optional<http_answer> ask(raw_socket& over, const std::string& body) const {
        const auto text = request_text("POST", "/run/event", {{"Content-Type", "application/json"}}, body, port_);
        return over.connected() && over.send(text) ? over.read_answer() : std::nullopt;
    }
    void keep(int app, int number, const std::optional<http_answer>& answer) {
        const std::lock_guard lock(mutex_);
        if (answer && answer->status == 202) {
            ids_.insert(answer->json().value("id", ""));
            ++taken_;
        } else if (!answer || answer->body.find("shutting-down") == std::string::npos) {
            failures_.push_back("app " + std::to_string(app) + ", request " + std::to_string(number) + ": " +
                                (answer ? answer->head + answer->body : "no answer"));
        }
    }

    std::uint16_t port_;
    std::atomic<bool> finishing_ = false;
    std::atomic<std::size_t> taken_ = 0;
    std::mutex mutex_;
    std::set<std::string> ids_;
    std::vector<std::string> failures_;
    std::vector<std::thread> threads_;
};

struct socket_activation : testing::Test {
    socket_activation() { upstream.start(); }

    socket_activator activator;
    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
};

TEST_F(socket_activation, takes_the_passed_sockets_in_the_place_of_its_addresses) {
    const auto port = activator.listen_tcp();
    const auto path = daemon.folder() / "passed.sock";
    activator.listen_unix(path);
    daemon.configure({{"listen", {{"addresses", {"unix:" + (daemon.folder() / "configured.sock")}}}}});
    daemon.run_under(activator.wrapper());
    daemon.start();
    EXPECT_EQ(daemon.port(), port);
    EXPECT_THAT(daemon.log(), HasSubstr("is ready on http://127.0.0.1:" + std::to_string(port) + ", unix:" + path));
    EXPECT_FALSE(std::filesystem::exists(daemon.folder() / "configured.sock"));
    EXPECT_NE(daemon.post(sample_event()), "");
    raw_socket over_unix(0, path);
    over_unix.send("GET /livez HTTP/1.1\r\nHost: anything\r\n\r\n");
    const auto answer = over_unix.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(std::filesystem::exists(path)) << "the file is whose who made the socket";
}

TEST_F(socket_activation, keeps_other_machines_out_unless_that_was_asked_for) {
    (void)activator.listen_tcp("0.0.0.0");
    daemon.run_under(activator.wrapper());
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(), HasSubstr("can be reached from other machines"));
    EXPECT_THAT(daemon.log(), HasSubstr("posthaste.socket"));
}

TEST_F(socket_activation, refuses_what_nobody_can_connect_to) {
    activator.pass_unusable();
    daemon.run_under(activator.wrapper());
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(), HasSubstr("is no listening TCP or unix socket"));
}

TEST_F(socket_activation, lets_no_app_notice_a_restart) {
    const auto port = activator.listen_tcp();
    daemon.run_under(activator.wrapper());
    daemon.start();
    strict_apps apps(8, port);
    for (std::size_t turn = 1; turn <= 6; ++turn) {
        EXPECT_TRUE(wait_until([&] { return apps.taken() >= 200 * turn; }));
        daemon.restart();
    }
    apps.finish();
    EXPECT_THAT(apps.failures(), IsEmpty());
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.log();
    std::set<std::string> arrived;
    for (const auto& request : upstream.requests())
        arrived.insert(request.field("Idempotency-Key"));
    EXPECT_EQ(arrived, apps.ids());
    EXPECT_EQ(upstream.requests().size(), arrived.size()) << "an orderly stop repeats nothing";
}

}  // namespace
}  // namespace posthaste
