// What is kept of an event, as the API shows it: every member but "data".

#pragma once

#include <nlohmann/json.hpp>

#include "lib/outbox/types.hpp"

namespace posthaste {

[[nodiscard]] nlohmann::ordered_json facts_json(const event_facts& facts);

}  // namespace posthaste
