#include "lib/metrics/event_labels.hpp"

namespace posthaste {

event_names names_of(const event_catalog& catalog) {
    event_names names;
    for (const auto& [name, schema] : catalog.schemas)
        names.insert(name);
    return names;
}

void count(tally& into, std::string_view label, std::uint64_t times) {
    const auto found = into.find(label);
    if (found == into.end())
        into.emplace(label, times);
    else
        found->second += times;
}

}  // namespace posthaste
