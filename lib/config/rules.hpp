// What holds between the settings of several keys.
//
// Pure; any thread.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/config/settings.hpp"

namespace posthaste {

struct config_rule {
    std::vector<std::string> keys;                             // those it reads; the first is the one to blame
    std::optional<std::string> (*violation)(const settings&);  // what is wrong; empty: nothing
    std::string list{};  // the one of the keys whose elements are judged though others of them could not be read
};

[[nodiscard]] std::span<const config_rule> config_rules();

}  // namespace posthaste
