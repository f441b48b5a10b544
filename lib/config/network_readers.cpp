#include "lib/config/network_readers.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>
#include <sys/un.h>

#include "lib/base/text.hpp"
#include "lib/config/readers.hpp"

namespace posthaste {

namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::string_view wanted_address =
    "expected ADDRESS:PORT, such as \"127.0.0.1:8650\" or \"[::1]:8650\", or unix:/PATH";

bool is_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (!is_digits(text) || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

// The address in its canonical form; an IPv4-mapped one as the IPv4 address it stands for.
std::optional<std::string> literal_address(const std::string& host) {
    in_addr four{};
    if (inet_pton(AF_INET, host.c_str(), &four) == 1) return host;
    in6_addr six{};
    if (inet_pton(AF_INET6, host.c_str(), &six) != 1) return std::nullopt;
    char text[INET6_ADDRSTRLEN];
    if (IN6_IS_ADDR_V4MAPPED(&six)) return inet_ntop(AF_INET, &six.s6_addr[12], text, sizeof text);
    return inet_ntop(AF_INET6, &six, text, sizeof text);
}

result<listen_address, std::string> refused(const std::string& why) {
    return {boost::system::in_place_error, std::string(wanted_address).append(why)};
}

}  // namespace

result<listen_address, std::string> parse_listen_address(std::string_view text) {
    if (text.starts_with(unix_scheme)) {
        auto path = parse_socket_path(text.substr(unix_scheme.size()));
        if (!path) return refused("; the path " + path.error());
        return listen_address{.socket_path = *std::move(path)};
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return refused(", found no port");
    auto host = text.substr(0, colon);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host.empty() || bracketed != (host.find(':') != std::string_view::npos)) return refused("");
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) return refused(", with a port from 0 to 65535");

    if (equals_ignoring_case(host, "localhost")) return listen_address{.port = *port};
    auto address = literal_address(std::string(host));
    if (!address) return refused("; a name cannot be listened on, but for localhost");
    return listen_address{.host = *std::move(address), .port = *port};
}

result<listen_address, std::string> parse_loopback_address(std::string_view text) {
    auto address = parse_listen_address(text);
    if (!address || (!address->is_unix() && is_loopback_host(address->host))) return address;
    return {boost::system::in_place_error,
            "only loopback addresses can be listened on here (127.0.0.1, [::1]), as whoever reaches the port can send"};
}

result<std::string, std::string> parse_socket_path(std::string_view path) {
    constexpr std::size_t most = sizeof(sockaddr_un::sun_path) - 1;
    const auto because = [](std::string why) {
        return result<std::string, std::string>(boost::system::in_place_error, std::move(why));
    };
    if (!path.starts_with('/')) return because("is not absolute");
    if (path.ends_with('/')) return because("names a folder");
    if (path.size() > most) return because("is longer than the " + std::to_string(most) + " bytes a socket's may have");
    if (path.find('\0') != std::string_view::npos) return because("holds a NUL byte");
    return {boost::system::in_place_value, path};
}

std::string to_string(const listen_address& address) {
    if (address.is_unix()) return std::string(unix_scheme) + address.socket_path;
    const bool six = address.host.find(':') != std::string::npos;
    return (six ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<listen_address> read_listen_address::operator()(const located_json& json, value_faults& faults) const {
    if (json.type != located_json::kind::string) {
        add_fault(faults, json, std::string(wanted_address) + ", found " + std::string(json.described()));
        return std::nullopt;
    }
    auto address = parse_listen_address(json.string);
    if (address) return *std::move(address);
    add_fault(faults, json, address.error());
    return std::nullopt;
}

std::optional<std::string> read_host_name::operator()(const located_json& json, value_faults& faults) const {
    const auto& name = json.string;
    const bool fits = !name.empty() && name.size() <= 253 && name.front() != '.' && name.front() != '-' &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 c == '.' || c == '-' || c == '_';
                      });
    if (json.type == located_json::kind::string && fits) return to_lower(name);
    add_fault(faults, json, expected("a host name without scheme and port, such as \"posthaste.internal\"", json));
    return std::nullopt;
}

std::optional<url> read_url::operator()(const located_json& json, value_faults& faults) const {
    constexpr std::string_view wanted = "expected a URL such as \"https://production.runalloy.com\"";
    if (json.type != located_json::kind::string) {
        add_fault(faults, json, std::string(wanted) + ", found " + std::string(json.described()));
        return std::nullopt;
    }
    auto parsed = parse_url(json.string);
    if (parsed) return *std::move(parsed);
    // The text is not shown: what makes it wrong may be a password in it.
    add_fault(faults, json, std::string(wanted) + "; this one " + parsed.error());
    return std::nullopt;
}

std::optional<std::string> read_api_version::operator()(const located_json& json, value_faults& faults) const {
    if (json.type == located_json::kind::string && json.string.size() == 7 && json.string[4] == '-') {
        const auto month = std::string_view(json.string).substr(5);
        if (is_digits(std::string_view(json.string).substr(0, 4)) && is_digits(month) && month >= "01" &&
            month <= "12") {
            return json.string;
        }
    }
    add_fault(faults, json, expected("a version as YYYY-MM, such as \"2025-09\"", json));
    return std::nullopt;
}

}  // namespace posthaste
