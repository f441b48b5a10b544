// What is decided by a request's head alone, in this order: Host (421), Origin (403), the token (401; 403 where it may
// not do that), path (404), method (405), a query where none is taken (400), what the resource itself asks of the head
// (415 …), the body's announced length (413). Where tokens are configured, whoever has none learns nothing of what
// there is, but for what needs none.

#pragma once

#include <cstdint>
#include <optional>

#include "daemon/server/handler.hpp"
#include "daemon/server/server_context.hpp"

namespace posthaste {

// `port` is the one the request came in by, empty for a unix socket. Writes who sent it over `by`.
[[nodiscard]] result<handler*, problem> admit(const request_head& head, const server_context& shared,
                                              std::optional<std::uint16_t> port, caller& by);

// How long a body may be as it is sent. The limit of whom it is for is on what it unpacks to.
[[nodiscard]] std::uint64_t limit_on_the_wire(const request_head& head, const handler& to);

// A body is over the limit of whom it is for.
[[nodiscard]] problem body_too_large(const handler& to);
// The bodies of all requests take up what they may.
[[nodiscard]] problem no_room_for_bodies();

}  // namespace posthaste
