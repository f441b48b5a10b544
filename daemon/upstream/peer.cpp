#include "daemon/upstream/peer.hpp"

#include <utility>

#include "daemon/upstream/tls.hpp"
#include "daemon/upstream/tunnel.hpp"
#include "lib/config/target.hpp"

namespace posthaste {

namespace {

std::string host_and_port(const url& of) {
    return of.host + ":" + std::to_string(of.port);
}

}  // namespace

result<std::shared_ptr<const upstream_peer>, start_failure> prepare_upstream(const upstream_settings& upstream) {
    const auto& proxy = upstream.proxy;
    const url& next = proxy ? proxy->address : upstream.url;
    auto peer = std::make_shared<upstream_peer>(upstream_peer{
        .host = upstream.url.host,
        .authority = host_and_port(upstream.url),
        .next_host = next.host,
        .next_port = next.port,
        .next_named = (proxy ? "the proxy " : "") + host_and_port(next),
        .tunnel_request = proxy && upstream.url.tls ? tunnel_request(upstream.url, *proxy) : "",
        .head = attempt_head(upstream),
        .api_key = upstream.api_key,
        .target = target_of(upstream),
        .connect_timeout = upstream.connect_timeout,
        .response_timeout = upstream.response_timeout,
        .tls = nullptr,
    });
    if (upstream.url.tls) {
        auto context = make_tls_context(upstream);
        if (!context) return context.error();
        peer->tls = std::make_shared<boost::asio::ssl::context>(*std::move(context));
    }
    return std::shared_ptr<const upstream_peer>(std::move(peer));
}

}  // namespace posthaste
