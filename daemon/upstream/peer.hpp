// What all attempts to one upstream share: where they go, what they say, whom they trust. Made from the settings, then
// never changed; a reload makes another one.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "lib/base/result.hpp"
#include "lib/base/time.hpp"
#include "lib/config/settings.hpp"
#include "lib/delivery/attempt_head.hpp"

namespace posthaste {

struct upstream_peer {
    std::string host;       // whose certificate is expected
    std::string authority;  // host:port, for messages
    std::string next_host;  // where connections go: the upstream's, or its proxy's
    std::uint16_t next_port;
    std::string next_named;      // "host:port" or "the proxy host:port", for messages
    std::string tunnel_request;  // CONNECT and the proxy's credentials; empty: no tunnel. Never logged
    attempt_head head;
    std::string api_key;  // to be hidden where an answer quotes it
    std::string target;   // tells it from another URL or key (lib/config/target.hpp)
    milliseconds connect_timeout;
    milliseconds response_timeout;
    std::shared_ptr<boost::asio::ssl::context> tls;  // null: plain http
};

// Loads the certificates, where the upstream speaks TLS. From any thread; the error names the file and what is wrong
// with it.
[[nodiscard]] result<std::shared_ptr<const upstream_peer>, start_failure> prepare_upstream(
    const upstream_settings& upstream);

}  // namespace posthaste
