// A backlog that is there at once: events of a load (load_body) put into a running daemon by an import.

#pragma once

#include <vector>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"

namespace posthaste {

// Number 1 of each user, then number 2 of each …; users are named "user-1", "user-2" …
[[nodiscard]] std::vector<load_event> events_of_users(int users, int events_each);

// In the order given; fails the test when they are not all taken.
void import_backlog(const daemon_under_test& daemon, const std::vector<load_event>& events);

}  // namespace posthaste
