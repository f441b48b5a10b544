// What the upstream's answer to a harmless GET says of the API key, as a step of `posthaste check --upstream`: accepted
// is only what was. Pure; any thread.

#pragma once

#include <string>
#include <string_view>

#include "daemon/commands/check_report.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

inline constexpr std::string_view key_question = "/users/posthaste-check";  // the path below upstream.url

struct key_answer {
    int status = 0;             // of the final answer
    std::string location = {};  // its Location as it came; empty: none
};

// Whether a proxy reads the question, and may answer it itself; else it only opens a tunnel.
[[nodiscard]] bool is_read_by_proxy(const upstream_settings& upstream);

// By what delivery does after such an answer (README, "What an answer means"), delivery.statuses aside.
[[nodiscard]] check_step judge_key(const upstream_settings& upstream, const key_answer& answer);

}  // namespace posthaste
