// POST /run/event and POST /{version}/run/event: checks an event, has it stored, and answers 202 once it is durable.
//
// x-api-version decides what the request means, so one that cannot be sent on is refused (400 invalid-header). The
// trace context decides nothing: a traceparent or tracestate that cannot be sent on is left out, as W3C Trace Context
// asks. Belongs to the listener's thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/server/handler.hpp"
#include "daemon/store/store.hpp"
#include "lib/event/catalog.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

struct events_options {
    std::uint64_t body_limit = 1 * MiB;
    std::function<instant()> now;
    // Why no event is taken at present, if so: asked before a body is read. The sink has the last word.
    std::function<std::optional<refusal>()> refusing;
};

class events_handler final : public handler {
  public:
    // The sink and `accepted`, which counts what was answered with 202, must outlive the handler.
    events_handler(events_options options, event_sink& sink, std::shared_ptr<const event_catalog> catalog,
                   rate_window& accepted);

    // For the requests whose heads come from now on; one whose body is being read is held against the new catalog.
    void reconfigure(std::uint64_t body_limit, std::shared_ptr<const event_catalog> catalog);

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return options_.body_limit; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    void stored(exchange& request, const result<uuid, refusal>& outcome);

    events_options options_;
    event_sink& sink_;
    std::shared_ptr<const event_catalog> catalog_;
    rate_window& accepted_;
};

}  // namespace posthaste
