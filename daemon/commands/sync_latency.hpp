// What a sync costs: 4 KiB written and fdatasync'ed again and again, first appended to a file, then over the same
// blocks, as the outbox's log does it.
//
// Blocks for some hundred syncs, a few seconds at most.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"

namespace posthaste {

// In milliseconds.
struct percentiles {
    double p50 = 0;
    double p99 = 0;
};

struct sync_latency {
    percentiles append;
    percentiles overwrite;
    std::size_t syncs = 0;  // of each
};

// The file is made, and left to whoever owns its folder. The error is the system's reason.
[[nodiscard]] result<sync_latency, std::string> measure_sync_latency(const std::string& file);

// Nearest rank. `values` must not be empty.
[[nodiscard]] percentiles percentiles_of(std::vector<double> values);

}  // namespace posthaste
