// What `posthaste retry` and `posthaste discard` have in common: one change to many events, told as it goes on.
//
// Both show a progress bar on a terminal, end early on SIGINT or SIGTERM (while an interruption object lives), and say
// what was done in any case.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "daemon/commands/client.hpp"

namespace posthaste {

struct change_words {
    std::string name;      // of the command: "retry"
    std::string done;      // "retried", which is also the member of the answers that counts
    std::string stayed;    // why some that matched may not be: "are damaged and cannot be sent"
    bool as_json = false;  // the outcome is printed as JSON
};

using change_one = std::function<result<daemon_answer, start_failure>(const std::string& id)>;

// Each of these events by a call of its own. One that cannot be changed is told, and the others go on.
[[nodiscard]] exit_code change_each(const std::vector<std::string>& ids, const change_words& words,
                                    const change_one& change);

// All that `wanted` matches, by repeated calls of POST /v1/NAME.
[[nodiscard]] exit_code change_matching(const daemon_client& client, const change_words& words,
                                        nlohmann::ordered_json wanted);

}  // namespace posthaste
