// What the handlers for people ask of the rest of the daemon. Each answers later, on the listener's thread, so that the
// server depends neither on how the store is reached nor on delivery at all.

#pragma once

#include <functional>
#include <optional>

#include "daemon/server/configuration_state.hpp"
#include "daemon/store/store.hpp"
#include "lib/base/time.hpp"
#include "lib/base/uuid.hpp"
#include "lib/delivery/upstream_report.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct status_source {
    std::function<void(std::function<void(store_status)> reply)> store;
    std::function<void(std::function<void(upstream_report)> reply)> upstream;
    std::function<bool()> stopping;
    std::function<configuration_state()> configuration{};  // at once
};

// Changes whether events are delivered; the reply, with the upstream as it is then, runs once that is durable, or
// cannot be made durable as the disk is full (empty).
using upstream_switch = std::function<void(std::function<void(std::optional<upstream_report>)> reply)>;

using event_finder = std::function<void(uuid id, std::function<void(std::optional<event_facts>)> reply)>;

using event_selector = std::function<void(selection_request request, std::function<void(selection_page)> reply)>;
// Sends the dead again, or removes them: a slice.
using dead_keeper = std::function<void(dead_request request, std::function<void(result<dead_report, refusal>)> reply)>;

// What a person may do with pending events; replies with how many of those are in flight, and so stay.
using event_withdrawal =
    std::function<void(std::vector<sequence> numbers, std::function<void(std::size_t in_flight)> reply)>;
using event_hastener = std::function<void(sequence number, std::function<void()> reply)>;

using event_lister = std::function<void(list_request request, std::function<void(list_page)> reply)>;
using event_exporter = std::function<void(export_request request, std::function<void(export_page)> reply)>;
using event_importer =
    std::function<void(std::vector<pending_event> events, std::function<void(result<import_report, refusal>)> reply)>;

}  // namespace posthaste
