// GET /livez: the listener's thread turns. GET /readyz: events are accepted now, or the reasons why not.

#pragma once

#include <string_view>
#include <vector>

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/status_source.hpp"

namespace posthaste {

// Why no event is taken at present; empty: they are.
[[nodiscard]] std::vector<std::string_view> reasons_not_ready(const store_status& store, bool stopping);

class live_handler final : public reading_handler {
  public:
    void handle(std::shared_ptr<exchange> request) override;
};

class ready_handler final : public reading_handler {
  public:
    explicit ready_handler(status_source source) : source_(std::move(source)) {}

    void handle(std::shared_ptr<exchange> request) override;

  private:
    status_source source_;
};

}  // namespace posthaste
