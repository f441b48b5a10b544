// The settings of one run, frozen: loaded and validated once, then read from any thread. Names follow the
// configuration file (README, "Configuration"); defaults stand here and nowhere else.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/log.hpp"
#include "lib/base/time.hpp"
#include "lib/base/url.hpp"
#include "lib/config/access_scope.hpp"
#include "lib/event/catalog.hpp"

namespace posthaste {

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;

// A TCP address, whose port 0 takes any free one, or a unix socket.
struct listen_address {
    std::string host = "127.0.0.1";  // a literal IPv4 or IPv6 address, no brackets; "localhost" is taken as 127.0.0.1
    std::uint16_t port = 8650;
    std::string socket_path{};  // absolute; not empty: a unix socket, and host and port mean nothing

    [[nodiscard]] bool is_unix() const noexcept { return !socket_path.empty(); }

    friend bool operator==(const listen_address&, const listen_address&) = default;
};

struct listen_settings {
    std::vector<listen_address> addresses = {listen_address{}};
    bool allow_remote = false;  // addresses that other machines reach are taken
    std::optional<std::string> access_tokens_file;
    access_tokens tokens;  // those of the file; none: no token is asked for
    std::vector<std::string> allowed_hosts;

    friend bool operator==(const listen_settings&, const listen_settings&) = default;
};

struct limit_settings {
    std::uint64_t body = 1 * MiB;
    std::uint64_t batch_body = 16 * MiB;
    std::uint32_t batch_events = 10'000;
    std::uint32_t connections = 1024;

    friend bool operator==(const limit_settings&, const limit_settings&) = default;
};

enum class durability { full, process };

// Whether an event waits until the earlier ones of its user are through.
enum class ordering { per_user, none };

struct queue_settings {
    std::string path = "/var/lib/posthaste/outbox.db";
    posthaste::durability durability = durability::full;
    std::uint64_t max_events = 10'000'000;
    std::uint64_t max_bytes = 8 * GiB;
    std::uint64_t disk_reserve = 256 * MiB;
    milliseconds keep_delivered = std::chrono::hours{24};
    milliseconds keep_dead = std::chrono::hours{24 * 30};

    friend bool operator==(const queue_settings&, const queue_settings&) = default;
};

// An HTTP proxy on the way to the upstream.
struct proxy_settings {
    posthaste::url address;   // host and port
    std::string credentials;  // "user:password"; empty: none. Never logged

    friend bool operator==(const proxy_settings&, const proxy_settings&) = default;
};

struct upstream_settings {
    posthaste::url url;
    std::string api_version = "2025-09";
    std::string api_key;  // from api_key_file, $CREDENTIALS_DIRECTORY/api_key or $POSTHASTE_API_KEY; never logged
    std::string api_key_source;  // where it came from, for messages
    std::optional<std::string> api_key_file;
    std::optional<std::string> api_key_watched;  // the file it came from; empty where the key is fixed for this process
    bool allow_plain_http = false;
    std::optional<std::string> ca_file;
    std::optional<std::string> client_certificate_file;  // both or none
    std::optional<std::string> client_key_file;
    std::optional<proxy_settings> proxy;  // from upstream.proxy or the environment
    milliseconds connect_timeout = seconds{5};
    milliseconds response_timeout = seconds{30};
    std::uint32_t max_concurrency = 32;
    std::optional<std::uint32_t> rate_limit;  // events a second; empty: as fast as the upstream takes them

    friend bool operator==(const upstream_settings&, const upstream_settings&) = default;
};

struct retry_settings {
    milliseconds initial = seconds{1};
    milliseconds max = std::chrono::minutes{5};
    milliseconds max_age = std::chrono::hours{24 * 5};

    friend bool operator==(const retry_settings&, const retry_settings&) = default;
};

// What an answer of the upstream makes of the event that was sent.
enum class verdict {
    delivered,
    retry,  // the upstream or the way to it is in trouble: a counted attempt, again after a backoff
    dead,   // the upstream refuses this event and would refuse it again
    pause,  // the set-up is at fault (key, URL): no event is to blame, so the attempt is never counted
};

struct delivery_settings {
    posthaste::ordering ordering = posthaste::ordering::per_user;
    retry_settings retry;
    std::uint32_t reject_guard = 20;  // so many different events rejected in a row pause the sending; 0: never
    std::map<int, verdict> statuses;  // what these statuses mean here, whatever they mean elsewhere

    friend bool operator==(const delivery_settings&, const delivery_settings&) = default;
};

struct identify_settings {
    milliseconds max_age = std::chrono::hours{1};  // what the upstream said of a user is served so long without asking

    friend bool operator==(const identify_settings&, const identify_settings&) = default;
};

struct log_settings {
    log_level level = log_level::info;
    log_format format = log_format::text;

    friend bool operator==(const log_settings&, const log_settings&) = default;
};

struct settings {
    listen_settings listen;
    limit_settings limits;
    queue_settings queue;
    upstream_settings upstream;
    delivery_settings delivery;
    identify_settings identify;
    event_catalog events;  // "events" and what is in events_dir
    std::optional<std::string> events_dir;
    log_settings log;
};

}  // namespace posthaste
