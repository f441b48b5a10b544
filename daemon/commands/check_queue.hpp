// Whether the outbox can be used, found out without changing anything and without disturbing a daemon that uses it.

#pragma once

#include "daemon/commands/check_report.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

[[nodiscard]] check_step check_queue(const queue_settings& queue);

// The nearest folder that is there: what is missing below it would be made.
[[nodiscard]] std::string existing_ancestor(std::string folder);

}  // namespace posthaste
