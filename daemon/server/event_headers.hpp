// The headers that are kept with an event and sent on with it: x-api-version, traceparent, tracestate.
//
// x-api-version decides what the request means, so one that an upstream may read otherwise is refused (400
// invalid-header). The trace context decides nothing here, and is sent on as it came, whatever it is: judging it is the
// upstream's business. What is over 1 KiB is left out, as W3C Trace Context lets whoever passes it on: it is kept with
// each event of a batch, and an upstream that takes no such head would refuse the event for it. Any thread.

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
