// Follows the attempts for GET /metrics: how long each took, what became of it, how long its event was on its way.
//
// Pure: the times are handed in. Belongs to the delivery thread.

#pragma once

#include <vector>

#include "lib/delivery/lanes.hpp"
#include "lib/metrics/event_labels.hpp"
#include "lib/metrics/measures.hpp"

namespace posthaste {

class delivery_meter {
  public:
    void use(event_names configured) { labels_.use(std::move(configured)); }

    // `event` is the one in the slot.
    void started(slot place, const pending_event& event, steady_time now);

    // What has to be known of an event whose attempt ended, as it may be gone once that was judged.
    struct ended_attempt {
        std::string_view label{};
        milliseconds on_its_way{};
        std::optional<int> status{};
    };
    [[nodiscard]] ended_attempt ended(slot place, const pending_event& event, std::optional<int> status, instant now);
    // It is no attempt after all.
    void unsent(slot place);
    // Before anything else ends.
    void judged(const ended_attempt& what, verdict meaning);

    void died(std::string_view event_name, death_reason reason);

    [[nodiscard]] const delivery_measures& measures() const noexcept { return measures_; }

  private:
    struct running {
        steady_time since{};
        bool is_retry = false;
    };

    event_labels labels_;
    delivery_measures measures_;
    std::vector<running> running_;  // by slot
};

}  // namespace posthaste
