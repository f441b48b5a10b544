// Where log lines leave the process: formats each occurrence as one line and writes it to a file descriptor.
//
// Runs on spdlog's thread only. It waits where the descriptor takes nothing (a full pipe, also a non-blocking one), so
// that no half line is left behind, until it is told to give up. A line that cannot be written at all (full disk,
// closed pipe) is counted and dropped.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include <spdlog/sinks/sink.h>

#include "lib/base/log.hpp"

namespace posthaste {

// One line with its "\n"; what would break the line or deceive its reader is escaped.
[[nodiscard]] std::string log_line(log_format format, wall_time time, spdlog::level::level_enum level,
                                   std::string_view message);

class log_sink final : public spdlog::sinks::sink {
  public:
    // The descriptor stays the caller's. `queue` tells what spdlog's queue lost so far and whether there is room again.
    struct queue_state {
        std::uint64_t dropped = 0;
        bool has_room = true;
    };
    log_sink(int descriptor, log_format format, std::function<queue_state()> queue);

    void log(const spdlog::details::log_msg& message) override;
    void flush() override;
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    // From another thread: lines that are formatted from now on have this format.
    void change_format(log_format format) noexcept { format_ = format; }

    // From another thread: once `patience` is over, only what needs no waiting is still written. Returns whether
    // flush() came to be called within twice that time, which means that the queue is empty.
    [[nodiscard]] bool finish(std::chrono::milliseconds patience);

  private:
    void report_lost(std::chrono::system_clock::time_point now);
    // False when it was given up.
    bool write_line(std::string line);
    bool wait_until_writable();
    bool out_of_patience();

    const int descriptor_;
    std::atomic<log_format> format_;
    const std::function<queue_state()> queue_;
    std::uint64_t reported_ = 0;  // of the queue's lost lines
    std::uint64_t unwritten_ = 0;
    bool half_a_line_ = false;  // the last line was given up in its middle

    std::mutex mutex_;  // guards what follows
    std::condition_variable flushed_condition_;
    std::chrono::steady_clock::time_point give_up_at_ = std::chrono::steady_clock::time_point::max();
    bool flushed_ = false;
};

}  // namespace posthaste
