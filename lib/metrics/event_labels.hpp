// The values that the label `event` may have: the names of the configured events, and `other` for all the rest. Anybody
// who may post could otherwise make as many time series as he likes.
//
// Pure. Belongs to one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "lib/event/catalog.hpp"

namespace posthaste {

using event_names = std::set<std::string, std::less<>>;

[[nodiscard]] event_names names_of(const event_catalog& catalog);

class event_labels {
  public:
    // From now on these are the configured ones. What was counted under another name stays as it is.
    void use(event_names configured) { configured_ = std::move(configured); }

    // Valid until the next use().
    [[nodiscard]] std::string_view of(std::string_view event_name) const {
        const auto found = configured_.find(event_name);
        return found == configured_.end() ? std::string_view("other") : std::string_view(*found);
    }

  private:
    event_names configured_;
};

// Counts by the value of a label.
using tally = std::map<std::string, std::uint64_t, std::less<>>;

void count(tally& into, std::string_view label, std::uint64_t times = 1);

}  // namespace posthaste
