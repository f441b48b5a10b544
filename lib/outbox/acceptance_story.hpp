// What the log says of an outbox that takes no new events for a while, and when: once where that begins, and once where
// it ends, with how many requests were refused. Where it flaps, at most once a minute.
//
// Pure: the time is handed in. Belongs to the store thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/log.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

class acceptance_story {
  public:
    struct line {
        bool is_warning = false;
        std::string text;
    };

    // After each commit. `why`: nothing new is taken because of that; empty: events are taken. `refused`: so many
    // requests since the last call.
    [[nodiscard]] std::optional<line> looked(steady_time now, const std::string& why, std::uint64_t refused);
    // Something may have to be said although no commit comes.
    [[nodiscard]] bool waits() const { return stopped_ || guard_.due(); }

  private:
    repeat_guard guard_;
    bool stopped_ = false;
    bool said_ = false;  // that it is stopped
    std::uint64_t refused_ = 0;
};

}  // namespace posthaste
