// What GET /metrics asks of the store.

#pragma once

#include "daemon/store/store.hpp"
#include "lib/metrics/measures.hpp"

namespace posthaste {

struct store_report {
    store_status status;
    store_measures measures;
};

}  // namespace posthaste
