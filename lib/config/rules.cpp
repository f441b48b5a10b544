#include "lib/config/rules.hpp"

#include <algorithm>
#include <array>

#include "lib/base/quantity.hpp"
#include "lib/config/network_readers.hpp"

namespace posthaste {

namespace {

std::optional<std::string> listens_somewhere(const settings& all) {
    if (!all.listen.addresses.empty()) return std::nullopt;
    return "expected at least one address, such as [\"127.0.0.1:8650\"]";
}

bool holds(const std::vector<listen_address>& addresses, const listen_address& one) {
    return std::ranges::find(addresses, one) != addresses.end();
}

std::string listed(const std::vector<listen_address>& addresses) {
    std::string text;
    for (const auto& each : addresses)
        text += (text.empty() ? "" : " and ") + to_string(each);
    return text;
}

std::optional<std::string> listens_once(const settings& all) {
    std::vector<listen_address> seen;
    std::vector<listen_address> again;
    for (const auto& each : all.listen.addresses) {
        const bool any_port = !each.is_unix() && each.port == 0;
        if (!any_port && holds(seen, each) && !holds(again, each)) again.push_back(each);
        seen.push_back(each);
    }
    if (again.empty()) return std::nullopt;
    return listed(again) + (again.size() == 1 ? " is listed twice" : " are listed twice");
}

// No other machine gets in unless that was asked for, and then only with a token.
std::optional<std::string> stays_on_this_machine(const settings& all) {
    std::vector<listen_address> remote;
    for (const auto& each : all.listen.addresses) {
        const bool here = each.is_unix() || is_loopback_host(each.host);
        if (!here && !holds(remote, each)) remote.push_back(each);
    }
    if (remote.empty()) return std::nullopt;
    if (!all.listen.allow_remote)
        return listed(remote) +
               " can be reached from other machines: use 127.0.0.1 or [::1], or set "
               "listen.allow_remote to true, and listen.access_tokens_file";
    if (!all.listen.access_tokens_file)
        return listed(remote) +
               " can be reached from other machines, and anybody there could send and read: set "
               "listen.access_tokens_file, too";
    return std::nullopt;
}

std::optional<std::string> queue_holds_an_event(const settings& all) {
    if (all.queue.max_bytes >= all.limits.body) return std::nullopt;
    return "expected at least limits.body (\"" + size_text(all.limits.body) + "\"), found \"" +
           size_text(all.queue.max_bytes) + "\": the largest event would never fit";
}

std::optional<std::string> has_upstream(const settings& all) {
    if (!all.upstream.url.host.empty()) return std::nullopt;
    return "is missing: the base URL of the API, such as \"https://production.runalloy.com\"";
}

std::optional<std::string> keeps_the_key_private(const settings& all) {
    const auto& where = all.upstream.url;
    const auto& proxy = all.upstream.proxy;
    if (where.host.empty() || where.tls || all.upstream.allow_plain_http) return std::nullopt;
    if (is_loopback_host(where.host)) {
        if (!proxy || is_loopback_host(proxy->address.host)) return std::nullopt;
        return "the API key would cross the network to the proxy unencrypted: leave upstream.proxy out, use https://, "
               "or "
               "set upstream.allow_plain_http to true";
    }
    return "the API key would cross the network unencrypted: use https://, or set upstream.allow_plain_http to true";
}

std::optional<std::string> does_not_send_to_itself(const settings& all) {
    const auto& where = all.upstream.url;
    const bool itself =
        std::any_of(all.listen.addresses.begin(), all.listen.addresses.end(), [&](const listen_address& listened) {
            return !where.tls && !listened.is_unix() && where.port == listened.port &&
                   (where.host == listened.host || where.host == "localhost");
        });
    if (!itself) return std::nullopt;
    return "is an address of listen.addresses: posthaste would send every event to itself, again and again";
}

std::optional<std::string> has_certificate_and_key(const settings& all) {
    if (all.upstream.client_certificate_file.has_value() == all.upstream.client_key_file.has_value())
        return std::nullopt;
    return all.upstream.client_key_file ? "is missing: upstream.client_key_file is of no use without it"
                                        : "is of no use without upstream.client_key_file: name the key's file there";
}

std::optional<std::string> backs_off(const settings& all) {
    if (all.delivery.retry.initial <= all.delivery.retry.max) return std::nullopt;
    return "expected at most delivery.retry.max (\"" + duration_text(all.delivery.retry.max) + "\"), found \"" +
           duration_text(all.delivery.retry.initial) + "\"";
}

}  // namespace

std::span<const config_rule> config_rules() {
    static const std::array<config_rule, 9> rules = {{
        {{"listen.addresses"}, listens_somewhere},
        {{"listen.addresses"}, listens_once, "listen.addresses"},
        {{"listen.addresses", "listen.allow_remote", "listen.access_tokens_file"},
         stays_on_this_machine,
         "listen.addresses"},
        {{"queue.max_bytes", "limits.body"}, queue_holds_an_event},
        {{"upstream.url"}, has_upstream},
        {{"upstream.url", "upstream.allow_plain_http", "upstream.proxy"}, keeps_the_key_private},
        {{"upstream.url", "listen.addresses"}, does_not_send_to_itself, "listen.addresses"},
        {{"upstream.client_certificate_file", "upstream.client_key_file"}, has_certificate_and_key},
        {{"delivery.retry.initial", "delivery.retry.max"}, backs_off},
    }};
    return rules;
}

}  // namespace posthaste
