// The Prefer header (RFC 7240), of which `wait` is understood. Pure; any thread.

#pragma once

#include <optional>

#include "lib/base/time.hpp"
#include "lib/http/head_check.hpp"

namespace posthaste {

inline constexpr seconds longest_wait{60};

// How long the answer may be held until the event settles: at least a second, 60 at most. Empty: not at all. What
// cannot be read is passed over, as the RFC asks; of several waits the first one counts.
[[nodiscard]] std::optional<seconds> preferred_wait(const request_head& head);

}  // namespace posthaste
