// What is wrong with one value of a configuration, and where below it.
//
// Pure; any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/located_json.hpp"

namespace posthaste {

struct value_fault {
    location where;
    std::string below;  // the place below the value read: "", "[1]", "[\"Ticket Created\"].ticketName"
    std::string what;   // what was expected, and what was found
};

using value_faults = std::vector<value_fault>;

// A member as a path continues with it: ".ticketName", "[\"Ticket Created\"]".
[[nodiscard]] std::string path_step(std::string_view member);

// The path from `root` to the value, or the member name, that stands at `where`; "" for root itself.
[[nodiscard]] std::string path_to(const located_json& root, location where);

// The faults of a reader that knows places only, given their paths below `root`.
[[nodiscard]] value_faults with_paths(const located_json& root, const std::vector<located_fault>& faults);

}  // namespace posthaste
