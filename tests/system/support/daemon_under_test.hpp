// The real `posthaste run` on a free port, with its outbox in a folder of its own.
//
// The configuration file is the harness's own (free port, outbox in the folder, short retries, a small disk reserve)
// with what the test gives merged over it (RFC 7386: null takes a key away).

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/system/support/process.hpp"
#include "tests/system/support/raw_socket.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

// The binary that is tested.
[[nodiscard]] std::string posthaste_binary();

class daemon_under_test {
  public:
    static constexpr const char* api_key = "test-key-5f1c8a";

    // By default nothing listens where the upstream should be.
    explicit daemon_under_test(const std::string& upstream_url = "http://127.0.0.1:9",
                               const nlohmann::json& changes = nlohmann::json::object());

    // Starts it and waits until it is ready; throws, with its output, when it ends before.
    void start();
    // The same; false when it ended before.
    [[nodiscard]] bool try_start();
    // What stands before the daemon's own command line from the next start on: {"/usr/bin/strace", "-D", …}. It must
    // leave the daemon our child.
    void run_under(std::vector<std::string> wrapper) { wrapper_ = std::move(wrapper); }
    // Environment variables from the next start on, beside what is inherited.
    void set_environment(std::vector<std::pair<std::string, std::string>> variables) {
        environment_ = std::move(variables);
    }
    // SIGTERM; gives the exit status once it is gone.
    int stop();
    // SIGKILL, and waits until it is gone.
    void kill9();
    void restart();
    // Changes the configuration file for the next start.
    void configure(const nlohmann::json& changes);

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string url() const;
    [[nodiscard]] const temp_folder& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string outbox_path() const { return configuration_["queue"]["path"]; }
    [[nodiscard]] std::string configuration_path() const { return folder_ / "posthaste.json"; }
    [[nodiscard]] process& running() { return *process_; }
    // What it wrote since its last start.
    [[nodiscard]] std::string log() const { return process_ ? process_->output() : std::string(); }

    // GET /v1/status, GET /v1/events/{id}; a null value when no answer came.
    [[nodiscard]] nlohmann::json status() const;
    [[nodiscard]] nlohmann::json event(const std::string& id) const;
    // The value of one line of GET /metrics; -1 where it has no such line, or no answer came.
    [[nodiscard]] double metric(const std::string& name_and_labels) const;
    // Posts the body and gives the id of the 202; fails the test and gives "" for anything else.
    std::string post(std::string_view body, std::string_view path = "/run/event") const;
    // Until nothing is pending; false when `patience` ran out.
    [[nodiscard]] bool wait_until_drained() const;
    // Until the event is in that state; false when `patience` ran out.
    [[nodiscard]] bool wait_for_state(const std::string& id, const std::string& state) const;
    // Until the upstream's state in /v1/status is that one; gives the upstream's part of it, null when `patience` ran
    // out.
    [[nodiscard]] nlohmann::json wait_for_upstream(const std::string& state) const;

  private:
    temp_folder folder_;
    nlohmann::json configuration_;
    std::vector<std::string> wrapper_;
    std::vector<std::pair<std::string, std::string>> environment_;
    std::unique_ptr<process> process_;
    std::uint16_t port_ = 0;
};

}  // namespace posthaste
