// GET /v1/export?state=: pending and dead events, whole, a line each, the oldest first; what was stored when the export
// began. Read from the outbox in slices, as fast as the client takes them.

#pragma once

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/status_source.hpp"

namespace posthaste {

class export_handler final : public reading_handler {
  public:
    explicit export_handler(event_exporter read) : read_(std::move(read)) {}

    void handle(std::shared_ptr<exchange> request) override;

  private:
    event_exporter read_;
};

}  // namespace posthaste
