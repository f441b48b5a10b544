// What a reload changes: settings that were loaded anew, beside those that are in force.
//
// `queue.path` and `listen.addresses` keep their value until a restart; every other key can change while the daemon
// runs. Pure; any thread.

#pragma once

#include <string>
#include <vector>

#include "lib/config/load.hpp"

namespace posthaste {

struct reload_plan {
    settings effective;                     // to be in force from now on
    std::vector<std::string> changed;       // keys whose new values that are, in the order of the reference
    std::vector<std::string> need_restart;  // keys that differ and keep their present value
    bool new_api_key = false;               // the key itself is another one
    bool new_tokens = false;                // the tokens of listen.access_tokens_file are others
};

// The error: the new values do not go with those that keep their present one until a restart.
[[nodiscard]] result<reload_plan, config_problems> plan_reload(const settings& in_force, settings loaded);

// "queue.path needs a restart"; empty where nothing does.
[[nodiscard]] std::string restart_text(const reload_plan& plan);

// "limits.body, log.level and the API key changed; queue.path needs a restart and keeps its value until then". No
// values: some are secret, and others are long. Files of certificates are named as read anew, changed or not.
[[nodiscard]] std::string to_text(const reload_plan& plan);

}  // namespace posthaste
