// Signals that come before the daemon has begun, and so before a loop of it could hear of them.
//
// One that ends it does so at once, with exit code 0, however long the start waits for a disk: nothing was begun that a
// kill could harm. A hangup is remembered. Both until other handlers are installed; nothing is blocked, so that no
// child inherits anything.

#pragma once

namespace posthaste {

// From now on SIGTERM and SIGINT are taken so.
void catch_early_stop() noexcept;

// And SIGHUP.
void catch_early_hangup() noexcept;
[[nodiscard]] bool early_hangup_came() noexcept;

}  // namespace posthaste
