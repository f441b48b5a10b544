#include "daemon/commands/progress_bar.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace posthaste {

namespace {

constexpr seconds rate_window_length{10};
constexpr std::size_t bar_width = 20;
constexpr std::size_t usual_columns = 80;

std::string rate_text(double per_second) {
    if (per_second <= 0) return "";
    if (per_second < 10)
        return std::to_string(static_cast<int>(per_second)) + "." +
               std::to_string(static_cast<int>(per_second * 10) % 10) + "/s";
    return grouped(static_cast<std::uint64_t>(std::llround(per_second))) + "/s";
}

std::string bar(std::uint64_t percent) {
    const std::size_t filled = bar_width * percent / 100;
    return "[" + std::string(filled, '#') + std::string(bar_width - filled, '-') + "]";
}

std::size_t columns_of(int descriptor) {
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

bool can_redraw(int descriptor) {
    const char* terminal = std::getenv("TERM");
    return ::isatty(descriptor) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

void progress_rate::note(steady_time now, std::uint64_t done) {
    seen_.push_back({now, done});
    while (seen_.size() > 2 && now - seen_.front().at > rate_window_length)
        seen_.pop_front();
}

double progress_rate::per_second() const {
    if (seen_.size() < 2 || seen_.back().done <= seen_.front().done) return 0;
    const std::chrono::duration<double> time = seen_.back().at - seen_.front().at;
    return time.count() <= 0 ? 0 : static_cast<double>(seen_.back().done - seen_.front().done) / time.count();
}

std::optional<seconds> progress_rate::time_for(std::uint64_t more) const {
    const double rate = per_second();
    if (rate <= 0) return std::nullopt;
    return seconds{static_cast<std::int64_t>(std::min(std::ceil(static_cast<double>(more) / rate), 1e12))};
}

std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string rough_duration(seconds time) {
    struct unit {
        std::int64_t length;
        std::int64_t up_to;  // so many of it
        const char* name;
    };
    static constexpr unit units[] = {{1, 100, " s"}, {60, 100, " min"}, {3600, 48, " h"}, {86'400, 0, " days"}};
    for (const auto& [length, up_to, name] : units) {
        const std::int64_t count = (time.count() + length / 2) / length;
        if (count < up_to || up_to == 0) return "about " + std::to_string(count) + name;
    }
    return "";
}

std::string progress_text(const progress& now, std::size_t columns) {
    std::string text;
    const auto add = [&](const std::string& part) {
        const std::string gap = text.empty() ? "" : "  ";
        if (!part.empty() && text.size() + gap.size() + part.size() <= columns) text += gap + part;
    };
    if (now.total > 0) {
        const std::uint64_t percent = std::min(now.done, now.total) * 100 / now.total;
        std::string share = std::to_string(percent) + " %";
        share.insert(0, 5 - share.size(), ' ');
        add(bar(percent) + " " + share);
        add(grouped(now.done) + " of " + grouped(now.total));
    } else {
        add(grouped(now.done));
    }
    add(rate_text(now.per_second));
    if (now.left) add(rough_duration(*now.left) + " left");
    return text;
}

progress_bar::progress_bar(int descriptor)
    : descriptor_(descriptor), draws_(can_redraw(descriptor)), coloured_(std::getenv("NO_COLOR") == nullptr) {}

progress_bar::~progress_bar() {
    clear();
}

void progress_bar::show(const progress& now) {
    if (!draws_) return;
    // The last column stays free: some terminals go on to the next line when it is written.
    std::string line = progress_text(now, columns_of(descriptor_) - 1);
    if (coloured_ && line.starts_with('[')) {
        line.insert(line.find(']') + 1, "\x1b[0m");
        line.insert(0, "\x1b[32m");
    }
    shown_ = true;
    write("\r" + line + "\x1b[K");
}

void progress_bar::clear() {
    if (std::exchange(shown_, false)) write("\r\x1b[K");
}

void progress_bar::write(const std::string& bytes) const {
    for (std::string_view rest = bytes; !rest.empty();) {
        const auto count = ::write(descriptor_, rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;  // a terminal that went away
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace posthaste
