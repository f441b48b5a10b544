// Goes the way to the upstream step by step, as a delivery does: DNS, TCP, the proxy's tunnel, TLS, key. No event is
// sent.

#pragma once

#include "daemon/commands/check_report.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// Adds a step for each that was gone; stops at the first that fails (exit code 1). The key is tried with
// GET {url}/users/posthaste-check: 401 and 403 refuse it, every other answer takes it. Without a key it ends before.
void check_upstream(const upstream_settings& upstream, check_report& report);

}  // namespace posthaste
