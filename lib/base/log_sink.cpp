#include "lib/base/log_sink.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <poll.h>
#include <spdlog/details/log_msg.h>
#include <unistd.h>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

// A pipe that poll() calls writable takes this much without blocking.
constexpr std::size_t most_bytes_a_write = PIPE_BUF;
// How often a blocked writer looks whether it was told to give up.
constexpr int poll_slice_ms = 50;
constexpr std::size_t longest_message = 16 * 1024;

wall_time to_wall_time(std::chrono::system_clock::time_point time) {
    return std::chrono::floor<milliseconds>(time);
}

// All names have the same width in the text format.
std::string_view level_name(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::trace:
        case spdlog::level::debug:
            return "debug";
        case spdlog::level::info:
            return "info";
        case spdlog::level::warn:
            return "warn";
        default:
            return "error";
    }
}

// sd-daemon(3), syslog(3).
std::string_view journal_priority(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::trace:
        case spdlog::level::debug:
            return "<7>";
        case spdlog::level::info:
            return "<6>";
        case spdlog::level::warn:
            return "<4>";
        case spdlog::level::critical:
            return "<2>";
        default:
            return "<3>";
    }
}

}  // namespace

std::string log_line(log_format format, wall_time time, spdlog::level::level_enum level, std::string_view message) {
    const std::string text = printable(message, longest_message);
    switch (format) {
        case log_format::json: {
            std::string line = "{\"time\":\"" + to_rfc3339(time) + "\",\"level\":\"";
            line.append(level_name(level)).append("\",\"message\":");
            append_json_quoted(line, text);
            return line.append("}\n");
        }
        case log_format::journal:
            return std::string(journal_priority(level)).append(text).append("\n");
        case log_format::text:
            break;
    }
    std::string name(level_name(level));
    name.resize(5, ' ');
    return to_rfc3339(time).append(" ").append(name).append(" ").append(text).append("\n");
}

log_sink::log_sink(int descriptor, log_format format, std::function<queue_state()> queue)
    : descriptor_(descriptor), format_(format), queue_(std::move(queue)) {}

void log_sink::log(const spdlog::details::log_msg& message) {
    report_lost(message.time);
    const std::string_view text(message.payload.data(), message.payload.size());
    if (!write_line(log_line(format_, to_wall_time(message.time), message.level, text))) ++unwritten_;
}

void log_sink::flush() {
    report_lost(std::chrono::system_clock::now());
    const std::lock_guard lock(mutex_);
    flushed_ = true;
    flushed_condition_.notify_all();
}

bool log_sink::finish(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    give_up_at_ = std::chrono::steady_clock::now() + patience;
    return flushed_condition_.wait_for(lock, 2 * patience, [this] { return flushed_; });
}

// Not while the queue is still nearly full: each report takes the place of a line.
void log_sink::report_lost(std::chrono::system_clock::time_point now) {
    const queue_state queue = queue_();
    const std::uint64_t lost = queue.dropped - reported_ + unwritten_;
    if (lost == 0 || !queue.has_room) return;
    const std::string text = "log lines lost before this one, as they could not be written: " + std::to_string(lost);
    if (!write_line(log_line(format_, to_wall_time(now), spdlog::level::warn, text))) return;
    reported_ = queue.dropped;
    unwritten_ = 0;
}

bool log_sink::write_line(std::string line) {
    if (half_a_line_) line.insert(0, "\n");
    std::string_view rest = line;
    while (!rest.empty()) {
        if (!wait_until_writable()) break;
        const ssize_t written = ::write(descriptor_, rest.data(), std::min(rest.size(), most_bytes_a_write));
        if (written > 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR && errno != EAGAIN) {
            break;
        }
    }
    if (rest.size() < line.size()) half_a_line_ = !rest.empty();
    return rest.empty();
}

bool log_sink::wait_until_writable() {
    while (true) {
        const bool patient = !out_of_patience();
        pollfd waiting{descriptor_, POLLOUT, 0};
        const int ready = ::poll(&waiting, 1, patient ? poll_slice_ms : 0);
        if (ready > 0) return true;  // or broken: then write() says why
        if (ready < 0 && errno != EINTR) return false;
        if (!patient) return false;
    }
}

bool log_sink::out_of_patience() {
    const std::lock_guard lock(mutex_);
    return give_up_at_ != std::chrono::steady_clock::time_point::max() &&
           std::chrono::steady_clock::now() >= give_up_at_;
}

}  // namespace posthaste
