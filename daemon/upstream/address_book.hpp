// The upstream's addresses: looked up once for all connections that wait, kept for a moment, looked up anew after a
// failure.
//
// Asio cannot cancel a lookup and does one at a time, so that a lookup for each connection would queue up behind a name
// server that does not answer. Belongs to the io_context's thread; a lookup under way outlives this object.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "lib/base/time.hpp"

namespace posthaste {

class address_book {
  public:
    using addresses = std::vector<boost::asio::ip::tcp::endpoint>;
    // At least one address, or the error.
    using reply = std::function<void(const boost::system::error_code&, const addresses&)>;

    // A host that is an address is never looked up.
    address_book(boost::asio::io_context& io, std::string host, std::uint16_t port);
    // Addresses that are known and stay.
    address_book(boost::asio::io_context& io, addresses fixed);

    // Replies at once when the addresses are known, else later.
    void lookup(reply to);
    // No address could be reached: the next lookup asks again.
    void forget();

  private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace posthaste
