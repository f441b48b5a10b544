#include "lib/config/passed_addresses.hpp"

#include <algorithm>
#include <utility>

#include "lib/config/rules.hpp"

namespace posthaste {

result<settings, config_problems> with_passed_addresses(settings loaded, std::vector<listen_address> passed) {
    loaded.listen.addresses = std::move(passed);
    config_problems problems;
    for (const auto& rule : config_rules()) {
        if (std::find(rule.keys.begin(), rule.keys.end(), "listen.addresses") == rule.keys.end()) continue;
        if (const auto violation = rule.violation(loaded)) {
            problems.push_back({rule.keys.front() + ": " + *violation +
                                " (the sockets that were passed, as by posthaste.socket, replace listen.addresses)"});
        }
    }
    if (!problems.empty()) return problems;
    return loaded;
}

}  // namespace posthaste
