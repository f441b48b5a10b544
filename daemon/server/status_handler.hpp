// GET /v1/status: the state at a glance, as one object.

#pragma once

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/status_source.hpp"
#include "lib/config/settings.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

struct status_facts {
    seconds uptime{0};
    wall_time now{};
    store_status store{};
    upstream_report upstream{};
    double accepted_per_second = 0;
    std::uint64_t max_events = 0;
    std::uint64_t max_bytes = 0;
    configuration_state configuration{};
    bool stopping = false;
};

[[nodiscard]] std::string to_json(const status_facts& facts);
// Its member "upstream" by itself.
[[nodiscard]] std::string to_json(const upstream_report& upstream);

class status_handler final : public reading_handler {
  public:
    // `accepted` must outlive the handler.
    status_handler(status_source source, const queue_settings& queue, const rate_window& accepted,
                   std::function<instant()> now);

    void handle(std::shared_ptr<exchange> request) override;
    // Asks for the object; `reply` runs later, and at most once.
    void describe(std::function<void(std::string object)> reply) const;
    // The queue's other bounds.
    void reconfigure(const queue_settings& queue) noexcept;

  private:
    [[nodiscard]] std::string describe(store_status store, upstream_report upstream) const;

    status_source source_;
    std::uint64_t max_events_;
    std::uint64_t max_bytes_;
    const rate_window& accepted_;
    std::function<instant()> now_;
    steady_time started_;
};

}  // namespace posthaste
