// seccomp filters as systemd makes them of a unit file.

#pragma once

#include "tests/system/confined/unit_file.hpp"

namespace posthaste {

// For this process and what it becomes; throws where the kernel does not take them. The last thing to be done before
// exec: little else is allowed behind it.
void load_system_call_filters(const unit_file& unit);

}  // namespace posthaste
