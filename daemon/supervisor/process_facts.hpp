// What the system tells of this process, for GET /metrics: read from /proc/self. Any thread.

#pragma once

#include "lib/metrics/exposition.hpp"

namespace posthaste {

[[nodiscard]] process_facts read_process_facts();

}  // namespace posthaste
