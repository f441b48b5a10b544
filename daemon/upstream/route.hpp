// The way to one peer: what connections learn and share while they go there. Belongs to the io_context's thread; each
// connection keeps the route that it was opened on.

#pragma once

#include <memory>
#include <utility>

#include "daemon/upstream/address_book.hpp"
#include "daemon/upstream/peer.hpp"
#include "daemon/upstream/tls_sessions.hpp"

namespace posthaste {

struct upstream_route {
    upstream_route(std::shared_ptr<const upstream_peer> to, address_book where)
        : peer(std::move(to)), addresses(std::move(where)) {}

    std::shared_ptr<const upstream_peer> peer;
    address_book addresses;
    tls_sessions sessions;  // valid with this peer only, as they stand for its verified certificate
};

}  // namespace posthaste
