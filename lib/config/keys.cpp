#include "lib/config/keys.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "lib/base/text.hpp"
#include "lib/config/events.hpp"
#include "lib/config/network_readers.hpp"
#include "lib/config/proxy.hpp"
#include "lib/config/readers.hpp"

namespace posthaste {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

template <class Reader, class Target>
config_key key(std::string path, Reader reader, Target target) {
    return {std::move(path),
            [reader, target](const located_json& json, settings_draft& draft, value_faults& faults) {
                if (auto value = reader(json, faults)) target(draft) = *std::move(value);
            },
            [target](settings_draft& a, settings_draft& b) { return target(a) == target(b); }};
}

constexpr std::uint32_t most_events = 1'000'000'000;
constexpr std::uint64_t most_bytes = 1024 * 1024 * GiB;
// Half of what all bodies may take at once (64 MiB): one request must not keep all others out.
constexpr std::uint64_t largest_body = 32 * MiB;

std::array<config_key, 41> make_table() {
    using d = settings_draft;
    const one_of<bool> accept_or_reject{{{"accept", false}, {"reject", true}}};
    return {
        key("listen.addresses", list_of<read_listen_address>{{}, "an array of addresses, such as [\"127.0.0.1:8650\"]"},
            [](d& t) -> auto& { return t.values.listen.addresses; }),
        key("listen.allow_remote", read_flag{}, [](d& t) -> auto& { return t.values.listen.allow_remote; }),
        key("listen.access_tokens_file", null_or<read_path>{},
            [](d& t) -> auto& { return t.values.listen.access_tokens_file; }),
        key("listen.allowed_hosts", list_of<read_host_name>{{}, "an array of host names"},
            [](d& t) -> auto& { return t.values.listen.allowed_hosts; }),
        key("limits.body", size_between{1 * KiB, largest_body}, [](d& t) -> auto& { return t.values.limits.body; }),
        key("limits.batch_body", size_between{1 * KiB, largest_body},
            [](d& t) -> auto& { return t.values.limits.batch_body; }),
        key("limits.batch_events", count_between{1, 65536}, [](d& t) -> auto& { return t.values.limits.batch_events; }),
        key("limits.connections", count_between{1, 65536}, [](d& t) -> auto& { return t.values.limits.connections; }),
        key("queue.path", read_path{}, [](d& t) -> auto& { return t.values.queue.path; }),
        key("queue.durability", one_of<durability>{{{"full", durability::full}, {"process", durability::process}}},
            [](d& t) -> auto& { return t.values.queue.durability; }),
        key("queue.max_events", count_between{1, most_events}, [](d& t) -> auto& { return t.values.queue.max_events; }),
        key("queue.max_bytes", size_between{1 * MiB, most_bytes},
            [](d& t) -> auto& { return t.values.queue.max_bytes; }),
        key("queue.disk_reserve", size_between{0, most_bytes},
            [](d& t) -> auto& { return t.values.queue.disk_reserve; }),
        key("queue.keep_delivered", duration_between{seconds{0}, hours{24 * 365}},
            [](d& t) -> auto& { return t.values.queue.keep_delivered; }),
        key("queue.keep_dead", duration_between{seconds{0}, hours{24 * 365 * 10}},
            [](d& t) -> auto& { return t.values.queue.keep_dead; }),
        key("upstream.url", read_url{}, [](d& t) -> auto& { return t.values.upstream.url; }),
        key("upstream.api_version", read_api_version{}, [](d& t) -> auto& { return t.values.upstream.api_version; }),
        key("upstream.api_key_file", null_or<read_path>{},
            [](d& t) -> auto& { return t.values.upstream.api_key_file; }),
        key("upstream.allow_plain_http", read_flag{}, [](d& t) -> auto& { return t.values.upstream.allow_plain_http; }),
        key("upstream.ca_file", null_or<read_path>{}, [](d& t) -> auto& { return t.values.upstream.ca_file; }),
        key("upstream.client_certificate_file", null_or<read_path>{},
            [](d& t) -> auto& { return t.values.upstream.client_certificate_file; }),
        key("upstream.client_key_file", null_or<read_path>{},
            [](d& t) -> auto& { return t.values.upstream.client_key_file; }),
        key("upstream.proxy", null_or<read_proxy>{}, [](d& t) -> auto& { return t.values.upstream.proxy; }),
        key("upstream.connect_timeout", duration_between{milliseconds{10}, minutes{5}},
            [](d& t) -> auto& { return t.values.upstream.connect_timeout; }),
        key("upstream.response_timeout", duration_between{milliseconds{10}, minutes{10}},
            [](d& t) -> auto& { return t.values.upstream.response_timeout; }),
        key("upstream.max_concurrency", count_between{1, 1024},
            [](d& t) -> auto& { return t.values.upstream.max_concurrency; }),
        key("upstream.rate_limit", null_or<count_between>{{1, 1'000'000}},
            [](d& t) -> auto& { return t.values.upstream.rate_limit; }),
        key("delivery.ordering", one_of<ordering>{{{"per_user", ordering::per_user}, {"none", ordering::none}}},
            [](d& t) -> auto& { return t.values.delivery.ordering; }),
        key("delivery.retry.initial", duration_between{milliseconds{1}, hours{1}},
            [](d& t) -> auto& { return t.values.delivery.retry.initial; }),
        key("delivery.retry.max", duration_between{milliseconds{1}, hours{24}},
            [](d& t) -> auto& { return t.values.delivery.retry.max; }),
        key("delivery.retry.max_age", duration_between{milliseconds{1}, hours{24 * 365}},
            [](d& t) -> auto& { return t.values.delivery.retry.max_age; }),
        key("delivery.reject_guard", count_between{0, 1'000'000},
            [](d& t) -> auto& { return t.values.delivery.reject_guard; }),
        key("delivery.statuses", read_statuses{}, [](d& t) -> auto& { return t.values.delivery.statuses; }),
        key("identify.max_age", duration_between{seconds{0}, hours{24 * 365}},
            [](d& t) -> auto& { return t.values.identify.max_age; }),
        key("events", read_events{}, [](d& t) -> auto& { return t.values.events.schemas; }),
        key("events_dir", null_or<read_path>{}, [](d& t) -> auto& { return t.values.events_dir; }),
        key("schemas",
            one_of<schema_check>{
                {{"enforce", schema_check::enforce}, {"warn", schema_check::warn}, {"off", schema_check::off}}},
            [](d& t) -> auto& { return t.values.events.check; }),
        key("unknown_events", accept_or_reject, [](d& t) -> auto& { return t.values.events.reject_unknown_events; }),
        key("unknown_fields", accept_or_reject, [](d& t) -> auto& { return t.values.events.reject_unknown_fields; }),
        key("log.level",
            one_of<log_level>{{{"debug", log_level::debug},
                               {"info", log_level::info},
                               {"warn", log_level::warn},
                               {"error", log_level::error}}},
            [](d& t) -> auto& { return t.values.log.level; }),
        key("log.format",
            one_of<log_format>{
                {{"text", log_format::text}, {"json", log_format::json}, {"journal", log_format::journal}}},
            [](d& t) -> auto& { return t.values.log.format; }),
    };
}

std::string joined(std::string_view section, std::string_view name) {
    return section.empty() ? std::string(name) : std::string(section) + "." + std::string(name);
}

// The names that `section` may hold, keys and further sections alike.
std::vector<std::string> names_in(std::string_view section) {
    std::vector<std::string> names;
    const auto prefix = joined(section, "");
    for (const auto& key : config_keys()) {
        if (!key.path.starts_with(prefix)) continue;
        const auto rest = std::string_view(key.path).substr(prefix.size());
        std::string name(rest.substr(0, rest.find('.')));
        if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    return names;
}

std::optional<std::string> likely_name(std::string_view section, std::string_view name) {
    const auto siblings = names_in(section);
    if (auto near = closest_match(name, siblings)) return near;
    // "api_key" for "api_key_file".
    const auto longer = std::find_if(siblings.begin(), siblings.end(), [&](const std::string& sibling) {
        return sibling.starts_with(std::string(name) + "_");
    });
    if (longer != siblings.end()) return *longer;
    // The right name in the wrong section.
    for (const auto& key : config_keys()) {
        if (key.path.ends_with("." + std::string(name))) return key.path;
    }
    return std::nullopt;
}

}  // namespace

std::span<const config_key> config_keys() {
    static const auto table = make_table();
    return table;
}

const config_key* find_config_key(std::string_view path) {
    const auto keys = config_keys();
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const config_key& key) { return key.path == path; });
    return found == keys.end() ? nullptr : &*found;
}

bool is_config_section(std::string_view path) {
    const auto keys = config_keys();
    return std::any_of(keys.begin(), keys.end(),
                       [&](const config_key& key) { return key.path.starts_with(std::string(path) + "."); });
}

std::string unknown_key_text(std::string_view section, std::string_view name) {
    const auto near = likely_name(section, name);
    return near ? "unknown key (did you mean \"" + *near + "\"?)" : "unknown key";
}

std::vector<std::string> known_config_keys() {
    std::vector<std::string> paths;
    for (const auto& key : config_keys()) {
        paths.push_back(key.path);
    }
    return paths;
}

}  // namespace posthaste
