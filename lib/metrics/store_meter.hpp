// Follows the commits for GET /metrics: how long each took, how much it did, and which events came in with it.
//
// Pure: the times are handed in. Belongs to the store thread.

#pragma once

#include "lib/metrics/event_labels.hpp"
#include "lib/metrics/measures.hpp"
#include "lib/outbox/batch.hpp"

namespace posthaste {

class store_meter {
  public:
    void use(event_names configured) { labels_.use(std::move(configured)); }

    // What was committed, as it was given and as it came back.
    void committed(const batch& work, const batch_outcome& outcome, std::chrono::duration<double> took);

    [[nodiscard]] const store_measures& measures() const noexcept { return measures_; }

  private:
    std::size_t count_stored(const std::vector<pending_event>& events);

    event_labels labels_;
    store_measures measures_;
};

}  // namespace posthaste
