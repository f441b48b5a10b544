// What each thread counts of its own work, without a lock and without anything shared: copied on its thread for each
// GET /metrics (lib/metrics/exposition.hpp).
//
// They start at 0 with the process, as counters in Prometheus may.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "lib/config/settings.hpp"
#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"
#include "lib/metrics/event_labels.hpp"
#include "lib/metrics/histogram.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// Upper bounds, in seconds but for the events.
inline constexpr std::array short_times{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0};
inline constexpr std::array attempt_times{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                          0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 30.0};
inline constexpr std::array queue_times{0.005, 0.01, 0.025, 0.05, 0.1,   0.25,  0.5,    1.0,     2.5,
                                        5.0,   10.0, 30.0,  60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0};
inline constexpr std::array group_sizes{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0};

// The accept thread's.
struct accept_measures {
    tally rejected{};                  // by the problem's name
    histogram durations{short_times};  // of what was accepted: request read → answer written
};

// Counts what a POST to an event path was refused with; of other requests, and where it was not the request that was
// refused (a fault of the framing; an event that was stored and then died), nothing.
void count_refusal(accept_measures& into, const request_head& head, const problem& why);

// The store thread's.
struct store_measures {
    tally accepted{};  // by event
    // Of each commit that stored events or recorded what became of some.
    histogram commit_durations{short_times};
    histogram commit_events{group_sizes};

    // As of the copy.
    std::uint64_t wal_bytes = 0;
    std::optional<std::uint64_t> disk_free_bytes{};  // empty: not known
};

// The delivery thread's.
struct delivery_measures {
    tally delivered{};                                                           // by event
    std::map<std::pair<std::string, death_reason>, std::uint64_t> dead{};        // by event and reason
    std::map<std::pair<verdict, std::optional<int>>, std::uint64_t> attempts{};  // by what became of them and status
    histogram attempt_durations{attempt_times};
    histogram latencies{queue_times};  // acknowledged → delivered

    // As of the copy.
    std::uint32_t retries_in_flight = 0;
    std::size_t connections = 0;
};

}  // namespace posthaste
