#include "lib/base/log.hpp"

#include <atomic>
#include <memory>
#include <utility>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "lib/base/log_sink.hpp"
#include "lib/base/require.hpp"

namespace posthaste {

namespace {

constexpr std::size_t queue_lines = 4096;
constexpr milliseconds stop_patience{400};
constexpr std::chrono::minutes silence_of_repeats{1};

struct running_log {
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<log_sink> sink;
    std::shared_ptr<spdlog::async_logger> logger;
};

// Owned by plain pointers, as exit() must neither join a thread that a stuck pipe holds nor pull the sink away from
// under it.
std::atomic<running_log*> current = nullptr;
std::atomic<running_log*> abandoned = nullptr;

spdlog::level::level_enum to_spdlog(log_level level) {
    switch (level) {
        case log_level::debug:
            return spdlog::level::debug;
        case log_level::info:
            return spdlog::level::info;
        case log_level::warn:
            return spdlog::level::warn;
        case log_level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

void start_logging(log_level level, log_format format) {
    REQUIRE(current == nullptr, "logging is started once");
    auto log = std::make_unique<running_log>();
    log->pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
    const auto queue = [pool = log->pool.get()] {
        return log_sink::queue_state{pool->overrun_counter(), pool->queue_size() < queue_lines / 2};
    };
    log->sink = std::make_shared<log_sink>(STDERR_FILENO, format, queue);
    log->logger = std::make_shared<spdlog::async_logger>("posthaste", log->sink, log->pool,
                                                         spdlog::async_overflow_policy::overrun_oldest);
    log->logger->set_level(to_spdlog(level));
    log->logger->set_error_handler([](const std::string&) {});  // spdlog's own writes to stderr, and may block
    spdlog::set_default_logger(log->logger);
    current = log.release();
}

void change_logging(log_level level, log_format format) {
    const running_log* log = current;
    REQUIRE(log != nullptr, "logging is started before it is changed");
    log->sink->change_format(format);
    log->logger->set_level(to_spdlog(level));
}

void stop_logging() {
    std::unique_ptr<running_log> log(current.exchange(nullptr));
    if (log == nullptr) return;
    // The logger stays spdlog's default: other threads may be inside it. From here on it takes no more lines.
    log->logger->set_level(spdlog::level::off);
    log->logger->flush();
    const bool written = log->sink->finish(stop_patience);
    if (!written) abandoned = log.release();  // its thread hangs in write(), and joining it would hang too
}

std::optional<std::uint64_t> repeat_guard::admit(steady_time now) {
    if (last_ && now - *last_ < silence_of_repeats) {
        ++held_back_;
        return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_back_, 0);
}

std::optional<steady_time> repeat_guard::due() const {
    return held_back_ == 0 ? std::nullopt : std::optional(*last_ + silence_of_repeats);
}

}  // namespace posthaste
