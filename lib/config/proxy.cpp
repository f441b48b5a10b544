#include "lib/config/proxy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <span>
#include <utility>

#include <arpa/inet.h>

#include "lib/base/percent.hpp"
#include "lib/base/text.hpp"
#include "lib/config/readers.hpp"

namespace posthaste {

namespace {

constexpr std::string_view scheme_mark = "://";

// "user:password" as it goes into the Basic scheme (RFC 7617); the sentence's end when it cannot.
result<std::string, std::string> read_credentials(std::string_view text) {
    const auto refused = [](std::string why) -> result<std::string, std::string> {
        return {boost::system::in_place_error, std::move(why)};
    };
    const auto colon = text.find(':');
    const auto user = percent_decoded(text.substr(0, colon));
    const auto password =
        percent_decoded(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1));
    if (!user || !password) return refused("has a \"%\" in its user or password that is no escape (write %25)");
    if (user->find(':') != std::string::npos) return refused("has a user with a \":\", which HTTP cannot carry");
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(*user + *password, is_control))
        return refused("has a control character in its user or password");
    return {boost::system::in_place_value, *user + ":" + *password};
}

struct network_address {
    std::array<std::uint8_t, 16> bytes{};
    unsigned bits = 0;  // 32, 128; 0: none
};

network_address parse_address(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    network_address address;
    const std::string whole(text);
    if (whole.find('\0') != std::string::npos) return address;
    if (::inet_pton(AF_INET, whole.c_str(), address.bytes.data()) == 1) address.bits = 32;
    if (::inet_pton(AF_INET6, whole.c_str(), address.bytes.data()) == 1) address.bits = 128;
    return address;
}

bool is_within(const network_address& address, const network_address& network, unsigned prefix) {
    for (unsigned bit = 0; bit < prefix; bit += 8) {
        const unsigned ignored = prefix - bit < 8 ? 8 - (prefix - bit) : 0;
        if ((address.bytes[bit / 8] ^ network.bytes[bit / 8]) >> ignored) return false;
    }
    return true;
}

std::optional<unsigned> parse_number(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool network_holds(std::string_view entry, std::size_t slash, const network_address& address) {
    const auto network = parse_address(entry.substr(0, slash));
    const auto prefix = parse_number(entry.substr(slash + 1));
    return network.bits != 0 && network.bits == address.bits && prefix && *prefix <= network.bits &&
           is_within(address, network, *prefix);
}

// Takes a ":port" off the entry; one that is another's exempts nothing.
bool takes_port(std::string_view& entry, std::uint16_t port) {
    const auto colon = entry.rfind(':');
    const bool alone = entry.find(':') == colon || (colon > 0 && entry[colon - 1] == ']');  // else a bare IPv6 address
    if (colon == std::string_view::npos || !alone) return true;
    const auto given = parse_number(entry.substr(colon + 1));
    entry = entry.substr(0, colon);
    return given == port;
}

bool entry_exempts(std::string_view entry, std::string_view host, std::uint16_t port) {
    if (entry == "*") return true;
    const auto address = parse_address(host);
    if (const auto slash = entry.find('/'); slash != std::string_view::npos)
        return network_holds(entry, slash, address);
    if (!takes_port(entry, port)) return false;
    if (address.bits != 0) {
        const auto named = parse_address(entry);
        return named.bits == address.bits && named.bytes == address.bytes;
    }
    if (entry.starts_with('*')) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (host.ends_with('.')) host.remove_suffix(1);
    if (entry.empty() || entry.size() > host.size()) return false;
    if (!equals_ignoring_case(host.substr(host.size() - entry.size()), entry)) return false;
    return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

// The first of the variables that is set and not empty: its name and value.
std::optional<std::pair<std::string, std::string>> first_set(std::initializer_list<const char*> names,
                                                             const environment& env) {
    for (const char* const name : names)
        if (auto value = env(name); value && !value->empty()) return std::pair(std::string(name), *std::move(value));
    return std::nullopt;
}

}  // namespace

result<proxy_settings, std::string> parse_proxy(std::string_view text) {
    const auto refused = [](std::string why) -> result<proxy_settings, std::string> {
        return {boost::system::in_place_error, std::move(why)};
    };
    const auto scheme_end = text.find(scheme_mark);
    if (scheme_end == std::string_view::npos) return refused("has no scheme (write http://…)");
    if (!equals_ignoring_case(text.substr(0, scheme_end), "http"))
        return refused(
            "has a scheme other than http (an https upstream is reached over TLS within the proxy's tunnel)");
    text.remove_prefix(scheme_end + scheme_mark.size());

    // A password may hold what is no more than tolerated there, such as "/": its end is the last "@".
    const auto at = text.rfind('@');
    proxy_settings proxy;
    if (at != std::string_view::npos) {
        auto credentials = read_credentials(text.substr(0, at));
        if (!credentials) return refused(credentials.error());
        proxy.credentials = *std::move(credentials);
        text.remove_prefix(at + 1);
    }
    auto address = parse_url("http://" + std::string(text));
    if (!address) return refused(address.error());
    if (!address->path_prefix.empty()) return refused("has a path (leave out what follows the port)");
    proxy.address = *std::move(address);
    return proxy;
}

result<std::optional<proxy_settings>, std::string> proxy_from_environment(const url& upstream, const environment& env) {
    using found = std::optional<proxy_settings>;
    const auto named =
        upstream.tls ? first_set({"https_proxy", "HTTPS_PROXY"}, env) : first_set({"http_proxy", "HTTP_PROXY"}, env);
    if (!named) return found();
    const auto exempted = first_set({"no_proxy", "NO_PROXY"}, env);
    if (exempted && exempts_from_proxy(exempted->second, upstream.host, upstream.port)) return found();
    const auto& [variable, value] = *named;
    auto proxy = parse_proxy(value.find(scheme_mark) == std::string::npos ? "http://" + value : value);
    if (!proxy)
        return {boost::system::in_place_error, "$" + variable + " names no proxy that can be used: its URL " +
                                                   proxy.error() + "; correct it, unset it, or set upstream.proxy"};
    if (is_loopback_host(upstream.host) && !is_loopback_host(proxy->address.host)) return found();
    return found(*std::move(proxy));
}

bool exempts_from_proxy(std::string_view list, std::string_view host, std::uint16_t port) {
    while (!list.empty()) {
        const auto end = std::min(list.find_first_of(", \t"), list.size());
        if (entry_exempts(list.substr(0, end), host, port)) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

std::optional<proxy_settings> read_proxy::operator()(const located_json& json, value_faults& faults) const {
    constexpr std::string_view wanted = "expected null or a URL such as \"http://proxy.example:3128\"";
    if (json.type != located_json::kind::string) {
        add_fault(faults, json, std::string(wanted) + ", found " + std::string(json.described()));
        return std::nullopt;
    }
    auto parsed = parse_proxy(json.string);
    if (parsed) return *std::move(parsed);
    add_fault(faults, json, std::string(wanted) + "; this one " + parsed.error());
    return std::nullopt;
}

}  // namespace posthaste
