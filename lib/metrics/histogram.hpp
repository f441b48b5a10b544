// How often a measured value fell into which bucket: one histogram of GET /metrics.
//
// Pure; costs a few comparisons a value, and no memory after its construction. Belongs to one thread; others get
// copies.

#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace posthaste {

class histogram {
  public:
    // The buckets' upper bounds, ascending, each in its bucket; one without a bound follows. They outlive the
    // histogram.
    explicit histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}

    void observe(double value) noexcept;
    // In seconds; a time that a jumping clock made negative counts as none.
    void observe(std::chrono::duration<double> took) noexcept { observe(took.count() > 0 ? took.count() : 0.0); }

    [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }
    // One more than there are bounds; each bucket by itself.
    [[nodiscard]] std::span<const std::uint64_t> counts() const noexcept { return counts_; }
    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] double sum() const noexcept { return sum_; }

  private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0;
};

}  // namespace posthaste
