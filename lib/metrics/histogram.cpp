#include "lib/metrics/histogram.hpp"

#include <algorithm>
#include <numeric>

namespace posthaste {

void histogram::observe(double value) noexcept {
    const auto bucket = std::ranges::lower_bound(bounds_, value);
    ++counts_[static_cast<std::size_t>(bucket - bounds_.begin())];
    sum_ += value;
}

std::uint64_t histogram::count() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace posthaste
