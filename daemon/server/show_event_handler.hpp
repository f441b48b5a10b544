// GET /v1/events/{id}: everything kept of one event.

#pragma once

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/status_source.hpp"

namespace posthaste {

class show_event_handler final : public reading_handler {
  public:
    explicit show_event_handler(event_finder find) : find_(std::move(find)) {}

    void handle(std::shared_ptr<exchange> request) override;

  private:
    event_finder find_;
};

[[nodiscard]] std::string to_json(const event_facts& facts);
[[nodiscard]] problem unknown_event_id(std::string_view id);

}  // namespace posthaste
