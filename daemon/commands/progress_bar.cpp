#include "daemon/commands/progress_bar.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/commands/terminal.hpp"
#include "lib/base/quantity.hpp"

namespace posthaste {

namespace {

constexpr seconds rate_window_length{10};
constexpr std::size_t bar_width = 20;

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

std::string events_text(std::uint64_t count) {
    return grouped(count) + (count == 1 ? " event" : " events");
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

progress_bar::progress_bar(int descriptor) : descriptor_(descriptor), draws_(screen_of(descriptor).redraws) {}

progress_bar::~progress_bar() {
    clear();
}

void progress_bar::show(const progress& now) {
    if (!draws_) return;
    const screen there = screen_of(descriptor_);
    // The last column stays free: some terminals go on to the next line when it is written.
    std::string line = progress_text(now, std::max<std::size_t>(there.columns, 1) - 1);
    if (line.starts_with('[')) {
        const auto end = line.find(']') + 1;
        line = painted(line.substr(0, end), paint::green, there) + line.substr(end);
    }
    shown_ = true;
    write_to_terminal(descriptor_, "\r" + line + "\x1b[K");
}

void progress_bar::clear() {
    if (std::exchange(shown_, false)) write_to_terminal(descriptor_, "\r\x1b[K");
}

}  // namespace posthaste
