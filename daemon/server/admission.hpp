// What is decided by a request's head alone, in this order: Host (421), Origin (403), path (404), method (405), what
// the resource itself asks of the head (415 …), the body's announced length (413). Pure but for the router and handler.

#pragma once

#include <cstdint>

#include "daemon/server/handler.hpp"
#include "lib/http/host_rules.hpp"

namespace posthaste {

[[nodiscard]] result<handler*, problem> admit(const request_head& head, const host_rules& hosts, std::uint16_t port,
                                              router& routes);

[[nodiscard]] problem body_too_large(std::uint64_t limit);

}  // namespace posthaste
