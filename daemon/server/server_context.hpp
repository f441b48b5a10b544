// What all sessions of one listener share. Belongs to the listener's thread; outlives its sessions.

#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "daemon/server/body_budget.hpp"
#include "daemon/server/connection_table.hpp"
#include "daemon/server/listener.hpp"
#include "lib/event/batch_reader.hpp"
#include "lib/http/event_lines.hpp"
#include "lib/http/gunzip.hpp"
#include "lib/http/host_rules.hpp"
#include "lib/http/response_text.hpp"

namespace posthaste {

// Time as of the latest sweep or accept: reading a clock for each request would buy nothing.
class coarse_clock {
  public:
    explicit coarse_clock(std::function<instant()> now) : now_(std::move(now)) { update(); }

    void update() {
        const instant now = now_();
        steady_ = now.steady;
        const auto second = std::chrono::floor<seconds>(now.wall);
        if (second == second_ && !date_.empty()) return;
        second_ = second;
        date_ = date_line(now.wall);
    }

    [[nodiscard]] steady_time steady() const noexcept { return steady_; }
    [[nodiscard]] const std::string& date() const noexcept { return date_; }  // a whole line

  private:
    std::function<instant()> now_;
    steady_time steady_;
    std::chrono::sys_seconds second_{};
    std::string date_;
};

struct server_context {
    server_context(listener_options given, router& to)
        : options(std::move(given)),
          hosts(names_of(options.listen)),
          routes(to),
          clock(options.now),
          connections(options.limits.connections),
          bodies(bytes_of_bodies()) {}

    // What names us beyond localhost.
    [[nodiscard]] static std::vector<std::string> names_of(const listen_settings& listen) {
        std::vector<std::string> names = listen.allowed_hosts;
        for (const listen_address& address : listen.addresses)
            if (!address.is_unix()) names.push_back(address.host);
        return names;
    }

    // For all bodies together: the largest of each kind has room alone. To import one event takes its line, and the
    // event that is made of it; to unpack a batch takes both of its shapes, and where its events stand.
    [[nodiscard]] std::uint64_t bytes_of_bodies() const {
        constexpr std::uint64_t usual = 64 * MiB;
        const limit_settings& limits = options.limits;
        const std::uint64_t import = longest_line(limits.body) + limits.body + 1 * KiB;
        const std::uint64_t batch =
            longest_packed(limits.batch_body) + limits.batch_body + limits.batch_events * sizeof(batch_reader::element);
        const std::uint64_t largest = std::max(import, batch);
        return options.body_bytes + (largest > usual ? largest - usual : 0);
    }

    listener_options options;
    host_rules hosts;
    router& routes;
    coarse_clock clock;
    connection_table connections;
    body_budget bodies;
    bool stopping = false;
};

}  // namespace posthaste
