// GET /v1/events?state=&event=&userId=&limit=&cursor=: what is kept, the newest first, a page at a time.
//
// A page looks at a slice of the outbox only, so a filtered one may be short, or empty, and still have a nextCursor.

#pragma once

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/status_source.hpp"

namespace posthaste {

class list_events_handler final : public reading_handler {
  public:
    explicit list_events_handler(event_lister list) : list_(std::move(list)) {}

    void handle(std::shared_ptr<exchange> request) override;

  private:
    event_lister list_;
};

}  // namespace posthaste
