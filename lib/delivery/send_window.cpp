#include "lib/delivery/send_window.hpp"

#include <algorithm>

namespace posthaste {
namespace {

using std::chrono::microseconds;

constexpr microseconds shortest_gap{1'000};
constexpr microseconds longest_gap{20'000};
constexpr int gap_shrinks_by = 64;  // a 64th with each success: some 44 of them halve it

}  // namespace

send_window::send_window(std::uint32_t most) : most_(most), size_(std::min(most, at_the_start)) {}

void send_window::set_most(std::uint32_t most) {
    most_ = most;
    size_ = std::min(size_, most_);
}

std::uint64_t send_window::start(steady_time now) noexcept {
    next_ = now + gap_;
    return started_++;
}

void send_window::succeeded(std::uint64_t serial) noexcept {
    if (serial < ignore_below_) return;
    gap_ = gap_ < shortest_gap / 2 ? microseconds{0} : gap_ - gap_ / gap_shrinks_by;
    if (gap_.count() > 0 || size_ >= most_) return;  // two at once would undo the gaps
    const std::uint32_t needed = halved_ ? 2 * size_ : size_;
    if (++successes_ < needed) return;
    successes_ = 0;
    ++size_;
}

void send_window::overloaded(std::uint64_t serial) noexcept {
    if (serial < ignore_below_) return;
    ignore_below_ = started_;
    if (size_ == 1) widen_gap();
    size_ = std::max(size_ / 2, 1u);
    successes_ = 0;
    halved_ = true;
}

void send_window::held() noexcept {
    widen_gap();
    restart();
}

void send_window::widen_gap() noexcept {
    gap_ = std::clamp(gap_ * 2, shortest_gap, longest_gap);
}

void send_window::restart() noexcept {
    size_ = 1;
    successes_ = 0;
    halved_ = false;
    ignore_below_ = started_;
}

}  // namespace posthaste
