// A tunnel through an HTTP proxy to an upstream that speaks TLS: CONNECT (RFC 9110, section 9.3.6). The proxy sees the
// upstream's name and port and its own credentials, and no more.

#pragma once

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "lib/config/settings.hpp"

namespace posthaste {

using upstream_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The head of the request. It holds the proxy's credentials: it goes there and nowhere else.
[[nodiscard]] std::string tunnel_request(const url& upstream, const proxy_settings& proxy);

// The proxy's answer says that it knows nobody by our credentials: what a 407 means, whatever it was called.
[[nodiscard]] bool asks_for_credentials(int status) noexcept;

// Why there is no tunnel, after an answer of this status (0: what came is no HTTP), as a sentence for a person.
// `proxy`: "the proxy host:port"; `upstream`: "host:port".
[[nodiscard]] std::string tunnel_refusal(const std::string& proxy, const std::string& upstream, int status);

// How asking for a tunnel ended.
struct tunnel_outcome {
    boost::system::error_code failed;  // no answer came
    int status = 0;                    // else the answer's; 0: what came is no HTTP
};

// Asks for a tunnel over a connection to the proxy. `request` and `socket` must outlive the call of `done`, which comes
// later, once; closing the socket brings it about. Belongs to the socket's thread; has no deadline of its own.
void open_tunnel(upstream_socket& socket, const std::string& request, std::function<void(tunnel_outcome)> done);

}  // namespace posthaste
