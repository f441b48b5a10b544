// Signals that reach the daemon while it starts.

#include <fstream>
#include <memory>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/process.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {
namespace {

// A daemon that reads its configuration from a pipe, and so waits at that until end_configuration().
class starting_daemon {
  public:
    starting_daemon() {
        if (::pipe2(ends_, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        ::fcntl(ends_[0], F_SETFD, 0);  // it inherits the end that is read
        const nlohmann::json configuration = {{"listen", {{"addresses", {"127.0.0.1:0"}}}},
                                              {"queue", {{"path", folder_ / "outbox.db"}, {"disk_reserve", "1MiB"}}},
                                              {"upstream", {{"url", "http://127.0.0.1:9"}}}};
        const std::string text = configuration.dump();
        if (::write(ends_[1], text.data(), text.size()) < 0) throw std::runtime_error("nothing can be written");
        process_ = std::make_unique<process>(
            process_options{{posthaste_binary(), "run", "--config", "/dev/fd/" + std::to_string(ends_[0])},
                            {{"POSTHASTE_API_KEY", daemon_under_test::api_key}},
                            {},
                            {}});
    }
    ~starting_daemon() {
        end_configuration();
        ::close(ends_[0]);
    }

    starting_daemon(const starting_daemon&) = delete;
    starting_daemon& operator=(const starting_daemon&) = delete;

    // Until all that there is of the configuration was read.
    [[nodiscard]] bool wait_until_it_reads() const {
        return wait_until([&] {
            int unread = 1;
            return ::ioctl(ends_[0], FIONREAD, &unread) == 0 && unread == 0;
        });
    }
    // Until it has a handler for the signal, the first that there is.
    [[nodiscard]] bool wait_until_it_handles(int number) const {
        return wait_until([&] {
            std::ifstream status("/proc/" + std::to_string(process_->id()) + "/status");
            for (std::string line; std::getline(status, line);) {
                if (line.starts_with("SigCgt:"))
                    return (std::stoull(line.substr(7), nullptr, 16) >> (number - 1) & 1) != 0;
            }
            return false;
        });
    }
    void end_configuration() {
        if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
    }
    [[nodiscard]] process& running() { return *process_; }

  private:
    temp_folder folder_;
    int ends_[2] = {-1, -1};
    std::unique_ptr<process> process_;
};

TEST(early_signal, to_stop_ends_a_start_at_once_with_0) {
    for (const int number : {SIGTERM, SIGINT}) {
        starting_daemon daemon;
        ASSERT_TRUE(daemon.wait_until_it_reads());
        daemon.running().signal(number);
        EXPECT_EQ(daemon.running().wait(), 0) << number;
    }
}

TEST(early_signal, to_reload_is_acted_upon_once_it_has_started) {
    starting_daemon daemon;
    ASSERT_TRUE(daemon.wait_until_it_reads());
    daemon.running().signal(SIGHUP);
    daemon.end_configuration();
    ASSERT_TRUE(daemon.running().wait_for_output(" is ready on ")) << daemon.running().output();
    EXPECT_TRUE(daemon.running().wait_for_output("configuration not reloaded, ")) << "the pipe gives nothing twice";
    daemon.running().signal(SIGTERM);
    EXPECT_EQ(daemon.running().wait(), 0);
}

TEST(early_signal, is_not_lost_where_other_handlers_take_over) {
    for (int turn = 0; turn < 20; ++turn) {
        starting_daemon starting;
        starting.end_configuration();
        ASSERT_TRUE(starting.wait_until_it_handles(SIGHUP));
        starting.running().signal(SIGHUP);
        if (turn % 2 == 0) {
            EXPECT_TRUE(starting.running().wait_for_output("configuration not reloaded, "))
                << starting.running().output();
        }
        starting.running().signal(SIGTERM);
        EXPECT_EQ(starting.running().wait(), 0) << starting.running().output();
    }
}

}  // namespace
}  // namespace posthaste
