#include "lib/metrics/rate_history.hpp"

#include <algorithm>

namespace posthaste {

namespace {

std::size_t index_of(std::int64_t span, std::int64_t span_count) noexcept {
    return static_cast<std::size_t>((span % span_count + span_count) % span_count);
}

}  // namespace

std::int64_t rate_history::span_of(steady_time time) noexcept {
    return std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<each.count()>>>(time)
        .time_since_epoch()
        .count();
}

void rate_history::add(steady_time now, std::uint64_t count) {
    const auto span = counting_ ? std::max(span_of(now), latest_) : span_of(now);
    const auto passed = counting_ ? std::min(span - latest_, span_count) : span_count;
    for (std::int64_t i = 0; i < passed; ++i)
        spans_[index_of(span - i, span_count)] = 0;
    latest_ = span;
    counting_ = true;
    spans_[index_of(span, span_count)] += count;
}

std::vector<double> rate_history::per_second(std::int64_t first, std::int64_t end) const {
    std::vector<double> rates;
    for (std::int64_t span = first; span < end; ++span)
        rates.push_back(static_cast<double>(counted_in(span)) / static_cast<double>(each.count()));
    return rates;
}

std::uint64_t rate_history::counted_in(std::int64_t span) const noexcept {
    if (!counting_ || span > latest_ || span <= latest_ - span_count) return 0;
    return spans_[index_of(span, span_count)];
}

}  // namespace posthaste
