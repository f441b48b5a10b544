// Readers of what names a place in the network, and of API versions. See readers.hpp for how a reader is called.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/url.hpp"
#include "lib/config/faults.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// "127.0.0.1:8650", "[::1]:8650", "localhost:8650": loopback only. The error says what was expected.
[[nodiscard]] result<listen_address, std::string> parse_listen_address(std::string_view text);

// "127.0.0.1:8650", "[::1]:8650".
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
