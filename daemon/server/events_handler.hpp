// POST /run/event and POST /{version}/run/event: checks an event, has it stored, and answers 202 once it is durable.
//
// With an Idempotency-Key that stands for an earlier event nothing is stored, and that one's id is answered. With
// Prefer: wait the answer may be held until the event settles (daemon/server/delivery_waits.hpp). Belongs to the
// listener's thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/server/delivery_waits.hpp"
#include "daemon/server/handler.hpp"
#include "daemon/store/store.hpp"
#include "lib/event/catalog.hpp"
#include "lib/event/envelope.hpp"
#include "lib/metrics/histogram.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

struct events_options {
    std::uint64_t body_limit = 1 * MiB;
    std::function<instant()> now;
    // Why no event is taken at present, if so: asked before a body is read. The sink has the last word.
    std::function<std::optional<refusal>()> refusing;
    // Told of each event whose data does not fit its schema, where that only warns.
    std::function<void(const envelope&)> mismatched{};
    // Where it is noted how long accepting took: request read → answer written. Outlives the handler.
    histogram* durations = nullptr;
};

class events_handler final : public handler {
  public:
    // The sink, `accepted`, which counts what was stored, and `waits` must outlive the handler; null: nobody waits.
    events_handler(events_options options, event_sink& sink, std::shared_ptr<const event_catalog> catalog,
                   rate_window& accepted, delivery_waits* waits = nullptr);

    // For the requests whose heads come from now on; one whose body is being read is held against the new catalog.
    void reconfigure(std::uint64_t body_limit, std::shared_ptr<const event_catalog> catalog);

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return options_.body_limit; }
    [[nodiscard]] std::string_view body_limit_key() const override { return "limits.body"; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    void submit(std::shared_ptr<exchange> request, event what, const std::optional<idempotency>& key,
                steady_time began);
    void stored(exchange& request, const result<uuid, refusal>& outcome, steady_time began);

    events_options options_;
    event_sink& sink_;
    std::shared_ptr<const event_catalog> catalog_;
    rate_window& accepted_;
    delivery_waits* waits_;
};

}  // namespace posthaste
