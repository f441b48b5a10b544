// What GET /metrics asks of delivery.

#pragma once

#include "lib/delivery/upstream_report.hpp"
#include "lib/metrics/measures.hpp"

namespace posthaste {

struct delivery_metrics {
    upstream_report upstream;
    delivery_measures measures;
};

}  // namespace posthaste
