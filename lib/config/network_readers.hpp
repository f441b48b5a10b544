// Readers of what names a place in the network, and of API versions. See readers.hpp for how a reader is called.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/url.hpp"
#include "lib/config/faults.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// "127.0.0.1:8650", "[::1]:8650", "localhost:8650", "unix:/run/posthaste/posthaste.sock". The error says what was
// expected.
[[nodiscard]] result<listen_address, std::string> parse_listen_address(std::string_view text);
// The same, but for what only this machine can reach by a URL: no unix socket, and no address beyond loopback.
[[nodiscard]] result<listen_address, std::string> parse_loopback_address(std::string_view text);
// An absolute path of a length that a socket can have, behind "unix:". The error is a sentence's end.
[[nodiscard]] result<std::string, std::string> parse_socket_path(std::string_view path);

// "127.0.0.1:8650", "[::1]:8650", "unix:/run/posthaste/posthaste.sock".
[[nodiscard]] std::string to_string(const listen_address& address);

struct read_listen_address {
    std::optional<listen_address> operator()(const located_json& json, value_faults& faults) const;
};

// A name as it stands in a Host field, without a port; given back in lower case.
struct read_host_name {
    std::optional<std::string> operator()(const located_json& json, value_faults& faults) const;
};

struct read_url {
    std::optional<url> operator()(const located_json& json, value_faults& faults) const;
};

// "YYYY-MM".
struct read_api_version {
    std::optional<std::string> operator()(const located_json& json, value_faults& faults) const;
};

}  // namespace posthaste
