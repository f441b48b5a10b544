// What the upstream does with its requests: read from a file that the test may replace at any time.
//
// Thread-safety: any thread.

#pragma once

#include <chrono>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace posthaste {

struct script_step {
    std::string what = "answer";  // answer | drop | cut | silent | close_unread | early | reset | flood | trickle
    int status = 200;
    std::string bytes;  // the whole answer
    bool closes = false;
    int after_ms = 0;
    int times = 1;
};

class script {
  public:
    explicit script(std::string file) : file_(std::move(file)) {}

    // The step for this request, used up.
    [[nodiscard]] script_step next(std::string_view request);
    // Whether a new connection is to be closed before anything is read; that step is used up then.
    [[nodiscard]] bool closes_unread();
    // The step that answers a request of which no more than the head was read, used up; empty: read it whole.
    [[nodiscard]] std::optional<script_step> answers_early();

  private:
    struct rule {
        std::string contains;
        std::vector<script_step> steps;
        std::size_t at = 0;
        int used = 0;

        [[nodiscard]] script_step take();
    };

    // Serves so many requests a second, and up to `burst` at once after a rest; what is beyond is refused.
    struct capacity {
        double a_second = 0;
        double burst = 0;
        script_step refusal;
        double left = 0;
        std::chrono::steady_clock::time_point filled{};

        [[nodiscard]] bool take();
    };

    void read_if_changed();

    std::string file_;
    std::mutex mutex_;
    ino_t inode_ = 0;
    timespec changed_{};
    std::vector<rule> rules_;
    std::optional<capacity> capacity_;
};

}  // namespace posthaste
