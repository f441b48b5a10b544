#include "lib/http/host_rules.hpp"

#include <algorithm>

#include <arpa/inet.h>

#include "lib/base/text.hpp"
#include "lib/base/url.hpp"

namespace posthaste {

namespace {

struct host_and_port {
    std::string_view host;  // without brackets
    std::string_view port;  // "" when there is none
};

std::optional<host_and_port> split(std::string_view authority) {
    host_and_port parts;
    std::string_view rest;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) return {};
        parts.host = authority.substr(1, end - 1);
        rest = authority.substr(end + 1);
        if (parts.host.find(':') == std::string_view::npos) return {};
    } else {
        parts.host = authority.substr(0, authority.find(':'));
        rest = authority.substr(parts.host.size());
    }
    if (parts.host.empty() || (!rest.empty() && rest[0] != ':')) return {};
    if (!rest.empty()) parts.port = rest.substr(1);
    return parts;
}

problem misdirected(std::string_view authority) {
    return {.status = 421,
            .name = "misdirected-request",
            .detail = "The request is for \"" + printable(authority, 100) +
                      "\", which is not this daemon. Use localhost or the address it listens on, or add the name to "
                      "listen.allowed_hosts."};
}

problem cross_origin() {
    return {.status = 403,
            .name = "cross-origin",
            .detail =
                "The request was sent by a web page of another origin. posthaste takes events from applications "
                "on this machine, not from pages in a browser."};
}

bool is_literal_address(std::string_view host) {
    const std::string text(host);
    in6_addr scratch{};
    return inet_pton(AF_INET, text.c_str(), &scratch) == 1 || inet_pton(AF_INET6, text.c_str(), &scratch) == 1;
}

// Somebody follows a link to the page, or types its address: the browser shows it by itself, and in no other page.
bool is_visit(const request_head& head) {
    bool navigates = false;
    for (const header_field& field : head.fields) {
        if (equals_ignoring_case(field.name, "sec-fetch-mode")) navigates = field.value == "navigate";
        // A frame of another page navigates, too; browsers that say where to are all that say this.
        if (equals_ignoring_case(field.name, "sec-fetch-dest") && field.value != "document") return false;
    }
    return navigates && (head.method == "GET" || head.method == "HEAD") && head.path == "/";
}

bool is_own_origin(std::string_view origin, std::string_view authority) {
    constexpr std::string_view scheme = "http://";
    return origin.starts_with(scheme) && origin.substr(scheme.size()) == authority;
}

}  // namespace

host_rules::host_rules(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        names_.push_back(to_lower(name));
        any_address_ = any_address_ || name == "0.0.0.0" || name == "::";
    }
}

bool host_rules::means_us(std::string_view authority, std::optional<std::uint16_t> port) const {
    if (!port) return true;
    const std::optional<host_and_port> parts = split(authority);
    if (!parts) return false;
    if (!parts->port.empty() && parts->port != std::to_string(*port)) return false;
    if (is_loopback_host(parts->host) || (any_address_ && is_literal_address(parts->host))) return true;
    return std::any_of(names_.begin(), names_.end(),
                       [&](const std::string& name) { return equals_ignoring_case(name, parts->host); });
}

std::optional<problem> host_rules::judge(const request_head& head, std::optional<std::uint16_t> port) const {
    if (!means_us(head.host, port)) return misdirected(head.host);
    if (!head.scheme.empty() && !(equals_ignoring_case(head.scheme, "http") && means_us(head.authority, port)))
        return misdirected(std::string(head.scheme) + "://" + std::string(head.authority));
    const std::string_view authority = head.scheme.empty() ? head.host : head.authority;
    for (const header_field& field : head.fields) {
        if (equals_ignoring_case(field.name, "origin") && !is_own_origin(field.value, authority)) return cross_origin();
        const bool from_elsewhere =
            equals_ignoring_case(field.name, "sec-fetch-site") && field.value != "same-origin" && field.value != "none";
        if (from_elsewhere && !is_visit(head)) return cross_origin();
    }
    return {};
}

}  // namespace posthaste
