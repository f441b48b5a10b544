// The Custom Events that are configured, and how strictly they are held to it. Immutable once built: any thread.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/event/schema.hpp"

namespace posthaste {

// What becomes of data that does not fit its event's schema: accepted unlooked at, accepted and told, refused.
enum class schema_check { off, warn, enforce };

struct event_catalog {
    std::map<std::string, schema_node, std::less<>> schemas;  // by event name
    schema_check check = schema_check::enforce;               // "schemas"
    bool reject_unknown_events = false;                       // "unknown_events"
    bool reject_unknown_fields = false;                       // "unknown_fields"

    // Null when the event is not configured.
    [[nodiscard]] const schema_node* find(std::string_view event_name) const;
    // At most three configured names, the nearest first, that `event_name` was probably meant to be.
    [[nodiscard]] std::vector<std::string> close_matches(std::string_view event_name) const;
};

}  // namespace posthaste
