// The URLs posthaste is given: http:// and https://, a host, perhaps a port and a path prefix (RFC 3986). User
// information, a query and a fragment are refused: a key in a URL would end up in logs. Pure; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.hpp"

namespace posthaste {

struct url {
    bool tls = false;
    std::string host;  // no brackets around an IPv6 address
    std::uint16_t port = 80;
    std::string path_prefix;  // "" or "/prefix", never ending in "/"

    // The Host header: brackets for IPv6, the port only where it is not the scheme's own.
    [[nodiscard]] std::string authority() const;
    // "https://host:port/prefix", for messages.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const url&, const url&) = default;
};

// The error is a sentence's end: "has no scheme (write https://…)".
[[nodiscard]] result<url, std::string> parse_url(std::string_view text);

// localhost, 127.0.0.0/8, ::1 (with or without brackets), and IPv4-mapped loopback.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace posthaste
