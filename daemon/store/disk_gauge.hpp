// Whether the disk has room for new events (rule 6): under queue.disk_reserve it has not, until 1.1 times the reserve
// is free again. Belongs to the store thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.hpp"

namespace posthaste {

class disk_gauge {
  public:
    // `folder`: of the outbox.
    disk_gauge(std::string folder, std::uint64_t reserve) : folder_(std::move(folder)), reserve_(reserve) {}

    // Asks the file system at most once a second.
    [[nodiscard]] bool low(steady_time now);

    // As it was when it was last asked.
    [[nodiscard]] bool was_low() const noexcept { return low_; }

    // The rule by itself: what `free` bytes make of the state.
    [[nodiscard]] static bool low_with(std::uint64_t free, std::uint64_t reserve, bool was_low) noexcept;

  private:
    std::string folder_;
    std::uint64_t reserve_;
    std::optional<steady_time> asked_;
    bool low_ = false;
};

}  // namespace posthaste
