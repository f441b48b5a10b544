// What the log says of trouble with the upstream, and when: once where it begins, and once when it is over.
//
// Trouble that keeps coming back is said at most once a minute and kind. What was held back is said when the minute is
// over, with how often it came: as present where it still stands, and so its end is said as well; else as past. The
// caller comes back then (due()). A pause is said each time, and its end as soon as it ends, whoever ends it. Never a
// body, a key or what the upstream wrote.
//
// Pure: the time is handed in. Not thread-safe.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/log.hpp"
#include "lib/base/time.hpp"
#include "lib/delivery/upstream_report.hpp"
#include "lib/delivery/verdict.hpp"

namespace posthaste {

// Events that are known to wait; `more`: and others on disk.
struct backlog {
    std::size_t waiting = 0;
    bool more = false;
};

class trouble_story {
  public:
    struct line {
        bool is_warning = false;
        std::string text;
    };
    using lines = std::vector<line>;  // to be logged now, in this order

    // An attempt failed, and the upstream is up all the same.
    [[nodiscard]] lines attempt_failed(const attempt_outcome& outcome, backlog left, steady_time now);
    // Something was delivered, and the upstream is up.
    [[nodiscard]] lines delivered();
    [[nodiscard]] lines state_changed(const upstream_report& report, backlog left, steady_time now);

    // When held_back() has something to say; empty: nothing is held back.
    [[nodiscard]] std::optional<steady_time> due() const;
    // `report`: how the upstream fares now.
    [[nodiscard]] lines held_back(const upstream_report& report, backlog left, steady_time now);

  private:
    struct repeated {
        repeat_guard guard{};
        std::string last{};  // what it said, or would have
    };

    [[nodiscard]] line begins(const upstream_report& report, backlog left, std::uint64_t held_back);
    [[nodiscard]] line fails(backlog left, std::uint64_t held_back);

    repeated failures_;
    repeated holds_;
    repeated openings_;
    std::string state_ = "up";  // as it was reported last
    bool failing_ = false;      // nothing was delivered since the last failed attempt
    bool in_trouble_ = false;   // and the log says so
};

}  // namespace posthaste
