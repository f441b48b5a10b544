// GET /metrics: what Prometheus scrapes. Each thread is asked for a copy of what it counted, so that counting itself
// shares nothing.

#pragma once

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/status_source.hpp"
#include "daemon/store/store_report.hpp"
#include "lib/config/settings.hpp"
#include "lib/metrics/exposition.hpp"

namespace posthaste {

struct metrics_source {
    std::function<void(std::function<void(store_report)> reply)> store;
    std::function<void(std::function<void(upstream_report, delivery_measures)> reply)> delivery;
    std::function<configuration_state()> configuration;  // these at once
    std::function<process_facts()> process;
    std::function<instant()> now;
};

class metrics_handler final : public reading_handler {
  public:
    // `accept` must outlive the handler.
    metrics_handler(metrics_source source, const queue_settings& queue, const accept_measures& accept);

    void handle(std::shared_ptr<exchange> request) override;
    // The queue's other bounds.
    void reconfigure(const queue_settings& queue) noexcept { max_bytes_ = queue.max_bytes; }

  private:
    void answer(exchange& request, metrics_facts facts) const;

    metrics_source source_;
    std::uint64_t max_bytes_;
    const accept_measures& accept_;
};

}  // namespace posthaste
