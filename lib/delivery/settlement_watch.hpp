// Who waits for what becomes of an event: watchers, each by the number that it chose and sent along with its event
// (pending_event::watch). Kept in memory only: after a restart nobody waits.
//
// A watcher hears once: that its event was delivered or died, or that there is nothing to wait for: the upstream is not
// up, or a person discarded the event.
// Not thread-safe: belongs to the delivery thread.

#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "lib/delivery/verdict.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// What a watcher hears.
struct watched_end {
    enum class kind { delivered, dead, not_up };

    std::uint64_t watch = 0;
    kind what = kind::not_up;
    upstream_answer answer{};                      // delivered
    int status = 0;                                // delivered: the answer's
    death_reason reason = death_reason::rejected;  // dead
    std::optional<attempt_error> last_error{};     // dead
};

class settlement_watch {
  public:
    explicit settlement_watch(std::function<void(watched_end)> tell) : tell_(std::move(tell)) {}

    // Events were committed; `up`: whether the upstream is. Before any of them is sent.
    void committed(const std::vector<pending_event>& events, bool up);
    // Whether the answer to this event's attempt is to be kept.
    [[nodiscard]] bool wants(sequence number) const { return !watched_.empty() && watched_.contains(number); }
    // `answer`: of the attempt that led to it.
    void settled(const settlement& what, const std::optional<upstream_answer>& answer);
    // The upstream is not up any more: everybody is sent away.
    void upstream_down();
    // That watcher does not wait any more.
    void forget(std::uint64_t watch);

  private:
    std::function<void(watched_end)> tell_;
    std::unordered_map<sequence, std::uint64_t> watched_;
};

}  // namespace posthaste
