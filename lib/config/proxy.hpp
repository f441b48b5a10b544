// The proxy on the way to the upstream: upstream.proxy, else what the environment names, less what it exempts.
//
// Pure: the environment is handed in. Any thread. No message shows the URL: it may hold a password.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/config/faults.hpp"
#include "lib/config/load.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// "http://[user:password@]host[:port]", user and password percent-encoded. The error is a sentence's end: "has a scheme
// other than http …".
[[nodiscard]] result<proxy_settings, std::string> parse_proxy(std::string_view text);

// https_proxy, else HTTPS_PROXY for an https upstream, http_proxy, else HTTP_PROXY for another; a variable that is
// empty counts as none, and the scheme may be left out there. Empty where no_proxy, else NO_PROXY, exempts the
// upstream, and for a loopback upstream where the proxy is on another host: its loopback is not ours. The error names
// the variable.
[[nodiscard]] result<std::optional<proxy_settings>, std::string> proxy_from_environment(const url& upstream,
                                                                                        const environment& env);

// Whether a list as in no_proxy exempts the host: names with all their subdomains (a leading "." or "*." does not
// matter), addresses, networks as "10.0.0.0/8", each but a network with a ":port" if need be; "*" exempts all.
[[nodiscard]] bool exempts_from_proxy(std::string_view list, std::string_view host, std::uint16_t port);

struct read_proxy {
    std::optional<proxy_settings> operator()(const located_json& json, value_faults& faults) const;
};

}  // namespace posthaste
