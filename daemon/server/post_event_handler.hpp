// POST /run/event and POST /{version}/run/event: checks an event, has it stored, and answers 202 once it is durable.
//
// With an Idempotency-Key that stands for an earlier event nothing is stored, and that one's id is answered. With
// Prefer: wait the answer may be held until the event settles (daemon/server/delivery_waits.hpp). Belongs to the
// listener's thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/server/acceptance.hpp"
#include "daemon/server/delivery_waits.hpp"
#include "daemon/server/handler.hpp"
#include "daemon/store/store.hpp"
#include "lib/event/catalog.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

class post_event_handler final : public handler {
  public:
    // The sink, `accepted`, which counts what was stored, and `waits` must outlive the handler; null: nobody waits.
    post_event_handler(std::uint64_t body_limit, acceptance how, event_sink& sink,
                       std::shared_ptr<const event_catalog> catalog, rate_window& accepted,
                       delivery_waits* waits = nullptr);

    // For the requests whose heads come from now on; one whose body is being read is held against the new catalog.
    void reconfigure(std::uint64_t body_limit, std::shared_ptr<const event_catalog> catalog);

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return body_limit_; }
    [[nodiscard]] std::string_view body_limit_key() const override { return "limits.body"; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    void submit(std::shared_ptr<exchange> request, event what, const std::optional<idempotency>& key,
                steady_time began);
    void stored(exchange& request, const result<uuid, refusal>& outcome, steady_time began);

    std::uint64_t body_limit_;
    acceptance how_;
    event_sink& sink_;
    std::shared_ptr<const event_catalog> catalog_;
    rate_window& accepted_;
    delivery_waits* waits_;
};

}  // namespace posthaste
