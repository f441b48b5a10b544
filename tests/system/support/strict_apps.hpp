// Apps that take no broken connection for an answer: whatever becomes of a request but a 202 is kept, with its time.
//
// Each posts one event after the other. Half of them connect for each request, the others keep their connection for as
// long as they are let. Nothing is sent twice.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/support/raw_socket.hpp"

namespace posthaste {

class strict_apps {
  public:
    using clock = std::chrono::steady_clock;

    enum class trouble {
        refused,   // no connection
        stopping,  // a 503 of a daemon that is shutting down
        broken,    // anything else: no answer, or an answer that has no place here
    };
    struct failure {
        trouble what;
        clock::time_point begun;
        clock::time_point ended;
        std::string text;
    };

    // Start at once.
    strict_apps(int count, std::uint16_t port);
    ~strict_apps();  // finish()

    strict_apps(const strict_apps&) = delete;
    strict_apps& operator=(const strict_apps&) = delete;

    // Send no further event; returns once each has its answer.
    void finish();

    // The events that were answered 202, so far.
    [[nodiscard]] std::size_t taken() const { return taken_; }
    // The rest once they finished.
    [[nodiscard]] const std::set<std::string>& ids() const { return ids_; }
    [[nodiscard]] const std::vector<failure>& failures() const { return failures_; }

  private:
    void work(int app);
    [[nodiscard]] std::optional<http_answer> ask(raw_socket& over, const std::string& body) const;
    void keep(const http_answer& answer, clock::time_point begun);
    void keep(trouble what, clock::time_point begun, std::string text);

    std::uint16_t port_;
    std::atomic<bool> finishing_ = false;
    std::atomic<std::size_t> taken_ = 0;
    std::mutex mutex_;
    std::set<std::string> ids_;
    std::vector<failure> failures_;
    std::vector<std::thread> threads_;
};

}  // namespace posthaste
