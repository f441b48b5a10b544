// The headers that are kept with an event and sent on with it: x-api-version, traceparent, tracestate.
//
// x-api-version decides what the request means, so one that an upstream may read otherwise is refused (400
// invalid-header). The trace context decides nothing here, and is sent on as it came, whatever it is: judging it is the
// upstream's business, and the bound of the head is its own. Any thread.

#pragma once

#include <optional>

#include "lib/event/event.hpp"
#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

[[nodiscard]] std::optional<problem> refuse_api_version(const request_head& head);
// In one pass.
void take_headers(event& into, const request_head& head);

}  // namespace posthaste
