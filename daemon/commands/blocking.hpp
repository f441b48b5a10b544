// Waiting for one asynchronous operation at a time: what a command line tool needs, with the deadlines that Asio's
// synchronous operations lack.

#pragma once

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

namespace posthaste {

// start(handler) starts an operation that ends with handler(error, …); returns its error once it did.
template <class Start>
boost::system::error_code run_blocking(boost::asio::io_context& io, Start&& start) {
    boost::system::error_code outcome;
    std::forward<Start>(start)([&outcome](const boost::system::error_code& error, auto&&...) { outcome = error; });
    io.restart();
    io.run();
    return outcome;
}

}  // namespace posthaste
