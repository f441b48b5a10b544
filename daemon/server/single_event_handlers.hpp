// POST /v1/events/{id}/retry and DELETE /v1/events/{id}: what a person does with one event. What is told is durable.
// Belong to the listener's thread.

#pragma once

#include <memory>

#include "daemon/server/by_hand_handler.hpp"
#include "daemon/server/handler.hpp"
#include "daemon/server/status_source.hpp"

namespace posthaste {

// A dead event is pending again; a pending one that waits for its next attempt is due now. No hold or pause of the
// upstream is overridden. 200 with the event as it is then; 409 where it was delivered.
class retry_event_handler final : public handler {
  public:
    retry_event_handler(event_finder find, event_hastener hasten, by_hand_source source)
        : find_(std::move(find)), hasten_(std::move(hasten)), source_(std::move(source)) {}

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return by_hand_handler::most_bytes; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    void hasten(std::shared_ptr<exchange> request, const event_facts& found);
    void show(std::shared_ptr<exchange> request, const uuid& id);

    event_finder find_;
    event_hastener hasten_;
    by_hand_source source_;
};

// Removes a dead or a pending event; 409 for one in flight or delivered.
class discard_event_handler final : public handler {
  public:
    discard_event_handler(event_finder find, by_hand_source source)
        : find_(std::move(find)), source_(std::move(source)) {}

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return by_hand_handler::most_bytes; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    void discard_pending(std::shared_ptr<exchange> request, const uuid& id, sequence number);
    void discard_dead(const std::shared_ptr<exchange>& request, sequence number);
    void confirm(std::shared_ptr<exchange> request, const uuid& id);

    event_finder find_;
    by_hand_source source_;
};

}  // namespace posthaste
