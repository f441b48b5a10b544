#include "lib/base/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <arpa/inet.h>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;
constexpr std::size_t longest_host = 253;  // RFC 1035

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::uint16_t default_port(bool tls) {
    return tls ? https_port : http_port;
}

std::optional<std::array<std::uint8_t, 4>> parse_ipv4(const std::string& text) {
    std::array<std::uint8_t, 4> bytes{};
    if (text.find('\0') != std::string::npos) return std::nullopt;
    if (::inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) return std::nullopt;
    return bytes;
}

std::optional<std::array<std::uint8_t, 16>> parse_ipv6(const std::string& text) {
    std::array<std::uint8_t, 16> bytes{};
    if (text.find('\0') != std::string::npos) return std::nullopt;
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::nullopt;
    return bytes;
}

// A host name whose last label is a number is taken for an address by the resolver ("127.1", "0x7f.1"): only the
// four-part form is accepted, so that what is checked is what is connected to.
bool is_plausible_name(const std::string& host) {
    if (host.size() > longest_host || host.starts_with('.') || host.find("..") != std::string::npos) return false;
    if (!std::ranges::all_of(host, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; })) {
        return false;
    }
    std::string_view last = host;
    if (last.ends_with('.')) last.remove_suffix(1);
    last.remove_prefix(last.rfind('.') + 1);  // npos + 1 is 0
    const bool numeric = last.starts_with("0x") || (!last.empty() && std::ranges::all_of(last, is_digit));
    return !numeric || parse_ipv4(host).has_value();
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

// RFC 3986: pchar and "/".
bool is_valid_path(std::string_view path) {
    constexpr std::string_view marks = "/-._~!$&'()*+,;=:@";
    for (std::size_t at = 0; at < path.size(); ++at) {
        if (path[at] == '%') {
            const auto is_hex = [&](std::size_t i) {
                return i < path.size() &&
                       std::string_view("0123456789abcdefABCDEF").find(path[i]) != std::string_view::npos;
            };
            if (!is_hex(at + 1) || !is_hex(at + 2)) return false;
        } else if (!is_alphanumeric(path[at]) && marks.find(path[at]) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

// "host", "host:port", "[::1]:port" into `parsed`; the sentence's end when it is none.
std::optional<std::string> read_authority(std::string_view authority, url& parsed) {
    if (authority.find('@') != std::string_view::npos) {
        return "holds a user name or a password (leave out what stands before the \"@\")";
    }
    std::string_view host = authority;
    std::optional<std::string_view> port;
    const bool bracketed = authority.starts_with('[');
    const std::size_t host_end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
    if (host_end == std::string_view::npos) return "has a \"[\" without its \"]\"";
    host = bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
    const std::string_view rest = authority.substr(bracketed ? host_end + 1 : host_end);
    if (rest.starts_with(':')) {
        port = rest.substr(1);
    } else if (!rest.empty()) {
        return "has something other than a port behind the \"]\"";
    }

    if (host.empty()) return "has no host";
    parsed.host = to_lower(host);
    if (bracketed && !parse_ipv6(parsed.host)) return "has no IPv6 address between \"[\" and \"]\"";
    if (!bracketed && port && port->find(':') != std::string_view::npos) {
        return "has an IPv6 address without brackets (write [::1])";
    }
    if (!bracketed && !is_plausible_name(parsed.host)) return "has a host that is neither a name nor an address";
    if (port) {
        const auto number = parse_port(*port);
        if (!number) return "has a port that is no number from 1 to 65535";
        parsed.port = *number;
    }
    return std::nullopt;
}

}  // namespace

std::string url::authority() const {
    const bool ipv6 = host.find(':') != std::string::npos;
    std::string text = ipv6 ? "[" + host + "]" : host;
    if (port != default_port(tls)) text += ":" + std::to_string(port);
    return text;
}

std::string url::text() const {
    return (tls ? "https://" : "http://") + authority() + path_prefix;
}

result<url, std::string> parse_url(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return std::string("has no scheme (write https://…)");
    url parsed;
    const std::string_view scheme = text.substr(0, scheme_end);
    if (equals_ignoring_case(scheme, "https")) {
        parsed.tls = true;
    } else if (!equals_ignoring_case(scheme, "http")) {
        return std::string("has a scheme other than http and https");
    }
    parsed.port = default_port(parsed.tls);
    text.remove_prefix(scheme_end + 3);

    if (text.find('?') != std::string_view::npos)
        return std::string("has a query (leave out the \"?\" and what follows)");
    if (text.find('#') != std::string_view::npos) {
        return std::string("has a fragment (leave out the \"#\" and what follows)");
    }
    const std::size_t path_start = std::min(text.find('/'), text.size());
    if (auto fault = read_authority(text.substr(0, path_start), parsed)) return std::move(*fault);

    std::string_view path = text.substr(path_start);
    while (path.ends_with('/'))
        path.remove_suffix(1);
    if (!is_valid_path(path)) return std::string("has a path with characters that must be percent-encoded");
    parsed.path_prefix = path;
    return parsed;
}

bool is_loopback_host(std::string_view host) {
    if (equals_ignoring_case(host, "localhost")) return true;
    if (const auto ipv4 = parse_ipv4(std::string(host))) return ipv4->front() == 127;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto ipv6 = parse_ipv6(std::string(host));
    if (!ipv6) return false;
    constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    const bool mapped = std::equal(mapped_prefix.begin(), mapped_prefix.end(), ipv6->begin());
    constexpr std::array<std::uint8_t, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return mapped ? (*ipv6)[12] == 127 : *ipv6 == loopback;
}

}  // namespace posthaste
