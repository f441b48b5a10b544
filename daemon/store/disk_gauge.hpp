// Whether the disk has room for new events (rule 6): under queue.disk_reserve it has not, until 1.1 times the reserve
// is free again. Without a reserve it has none while the disk is full. Belongs to the store thread.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.hpp"

namespace posthaste {

class disk_gauge {
  public:
    // `folder`: of the outbox.
    disk_gauge(std::string folder, std::uint64_t reserve)
        : folder_(std::move(folder)), reserve_(std::max(reserve, least_reserve)) {}

    // Another reserve, held against what is free when it is next asked.
    void reserve(std::uint64_t bytes) noexcept {
        reserve_ = std::max(bytes, least_reserve);
        asked_.reset();
    }

    // Asks the file system once a second, and sooner where what is `coming` with what came since could use the reserve
    // up: a fast load fills a small one within a second. What is `missing` of the room that all of it needs counts as
    // if it were taken, and where that grows it is asked at once.
    [[nodiscard]] bool low(steady_time now, std::uint64_t coming = 0, std::uint64_t missing = 0);

    // Whether so little is free, or would be if so much were taken, whatever the reserve, that nothing should be
    // counted on. Asks the file system.
    [[nodiscard]] bool nearly_full(std::uint64_t taken = 0) const noexcept;

    // The rule by itself: what `free` bytes make of the state.
    [[nodiscard]] static bool low_with(std::uint64_t free, std::uint64_t reserve, bool was_low) noexcept;

    // Asks the file system; empty: not known.
    [[nodiscard]] std::optional<std::uint64_t> free_bytes() const noexcept;

  private:
    static constexpr std::uint64_t least_reserve = 64 * 1024;  // a few blocks: others may be taking the last ones

    std::string folder_;
    std::uint64_t reserve_;
    std::optional<steady_time> asked_;
    std::uint64_t came_ = 0;     // bytes of events since then
    std::uint64_t missing_ = 0;  // as last told
    bool low_ = false;
};

}  // namespace posthaste
