#include "tests/simulation/send_limits.hpp"

#include <algorithm>

namespace posthaste::simulation {
namespace {

constexpr std::size_t starts_kept = 100;

}  // namespace

void send_limits::begin(const health_rules& rules) {
    *this = {};
    size_ = 4;
    change_rules(rules);
    successes_ = 0;
}

void send_limits::change_rules(const health_rules& rules) {
    if (rules.rate_limit != rules_.rate_limit) starts_.clear();
    rules_ = rules;
    if (size_ > rules.max_concurrency) {
        size_ = rules.max_concurrency;
        successes_ = size_;  // about to grow, for all that is known
    }
    if (rules.rate_limit)
        slowest_ = std::max(slowest_, std::chrono::nanoseconds(std::chrono::seconds{1}) / *rules.rate_limit);
}

std::uint64_t send_limits::started(steady_time now, std::size_t running, bool probe, promises& kept) {
    kept.expect(running <= rules_.max_concurrency, "never more at once than max_concurrency");
    kept.expect(probe || running <= size_, "never more at once than the adaptive window");
    starts_.push_back(now);
    if (starts_.size() > starts_kept) starts_.pop_front();
    check_rate(now, kept);
    last_start_ = now;
    return next_serial_++;
}

void send_limits::check_rate(steady_time now, promises& kept) const {
    if (!rules_.rate_limit) return;
    const double at_once = std::max(1.0, *rules_.rate_limit / 50.0);
    double count = 0;
    for (auto each = starts_.rbegin(); each != starts_.rend(); ++each) {
        const double time = std::chrono::duration<double>(now - *each).count();
        kept.expect(++count <= time * *rules_.rate_limit + at_once + 1e-3, "never more in a time than the rate limit");
    }
}

void send_limits::succeeded(std::uint64_t serial) {
    if (serial < ignore_below_ || size_ >= rules_.max_concurrency || ++successes_ < size_) return;
    successes_ = 0;
    ++size_;
}

void send_limits::overloaded(std::uint64_t serial) {
    if (serial < ignore_below_) return;
    ignore_below_ = next_serial_;
    size_ = std::max(size_ / 2, 1u);
    successes_ = 0;
}

void send_limits::stopped() {
    ignore_below_ = next_serial_;
    size_ = 1;
    successes_ = 0;
}

// The window's gaps between attempts are 20 ms at most.
steady_time send_limits::latest_start() const {
    return last_start_ + std::max<std::chrono::nanoseconds>(slowest_, milliseconds{20});
}

}  // namespace posthaste::simulation
