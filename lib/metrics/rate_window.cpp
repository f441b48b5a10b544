#include "lib/metrics/rate_window.hpp"

#include <algorithm>

namespace posthaste {

namespace {

std::int64_t second_of(steady_time time) {
    return std::chrono::floor<seconds>(time).time_since_epoch().count();
}

std::size_t index_of(std::int64_t second, std::int64_t bucket_count) {
    return static_cast<std::size_t>((second % bucket_count + bucket_count) % bucket_count);
}

}  // namespace

void rate_window::add(steady_time now, std::uint64_t count) {
    history_.add(now, count);
    const auto second = counting_ ? std::max(second_of(now), latest_) : second_of(now);
    const auto passed = counting_ ? std::min(second - latest_, bucket_count) : bucket_count;
    for (std::int64_t i = 0; i < passed; ++i) {
        buckets_[index_of(second - i, bucket_count)] = 0;
    }
    latest_ = second;
    counting_ = true;
    buckets_[index_of(second, bucket_count)] += count;
}

double rate_window::per_second(steady_time now) const {
    const auto second = std::max(second_of(now), latest_);
    std::uint64_t within = 0;
    for (std::int64_t i = 0; i < length.count(); ++i) {
        within += counted_in(second - i);
    }
    const std::chrono::duration<double> into_second = now - steady_time(seconds(second));
    const auto part_of_oldest = 1.0 - std::clamp(into_second.count(), 0.0, 1.0);
    const auto oldest = static_cast<double>(counted_in(second - length.count()));
    return (static_cast<double>(within) + oldest * part_of_oldest) / static_cast<double>(length.count());
}

std::uint64_t rate_window::counted_in(std::int64_t second) const {
    if (!counting_ || second > latest_ || second <= latest_ - bucket_count) return 0;
    return buckets_[index_of(second, bucket_count)];
}

}  // namespace posthaste
