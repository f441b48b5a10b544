// What the handlers of GET have in common: they take no body and judge nothing by the head alone.

#pragma once

#include "daemon/server/handler.hpp"

namespace posthaste {

class reading_handler : public handler {
  public:
    [[nodiscard]] std::optional<problem> refuse(const request_head&) const override { return {}; }
    [[nodiscard]] std::uint64_t body_limit() const override { return 0; }
};

}  // namespace posthaste
