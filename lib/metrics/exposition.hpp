// The answer to GET /metrics: everything that was counted and measured, in Prometheus' text format (by prometheus-cpp).
//
// Families without labels are always there; of the others what occurred at least once. The values of labels are
// bounded: names of configured events, problems, states, outcomes and statuses, never a user or an id. Pure; any
// thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.hpp"
#include "lib/delivery/upstream_report.hpp"
#include "lib/metrics/measures.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// Of the process, as the system tells it; what it does not tell is left out.
struct process_facts {
    std::optional<double> cpu_seconds{};
    std::optional<double> start_time_seconds{};  // since the epoch
    std::optional<double> resident_bytes{};
    std::optional<double> virtual_bytes{};
    std::optional<double> open_files{};
    std::optional<double> most_files{};
};

struct metrics_facts {
    wall_time now{};
    accept_measures accept{};
    store_measures store{};
    delivery_measures delivery{};
    outbox_totals totals{};
    std::optional<wall_time> oldest_pending{};
    std::uint64_t max_bytes = 0;
    upstream_report upstream{};
    bool configuration_is_fine = true;  // the last reload, where there was one, succeeded
    process_facts process{};
};

inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] std::string exposition(const metrics_facts& facts);

}  // namespace posthaste
