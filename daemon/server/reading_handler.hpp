// What the handlers of GET have in common: they judge nothing by the head alone, and a body means nothing to them. Some
// clients send one all the same, so that a small one is borne.

#pragma once

#include "daemon/server/handler.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

class reading_handler : public handler {
  public:
    static constexpr std::uint64_t most_bytes = 4 * KiB;

    [[nodiscard]] std::optional<problem> refuse(const request_head&) const override { return {}; }
    [[nodiscard]] std::uint64_t body_limit() const override { return most_bytes; }
};

}  // namespace posthaste
