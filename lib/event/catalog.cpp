#include "lib/event/catalog.hpp"

#include <algorithm>
#include <utility>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_matches = 3;

}  // namespace

const schema_node* event_catalog::find(std::string_view event_name) const {
    const auto found = schemas.find(event_name);
    return found == schemas.end() ? nullptr : &found->second;
}

std::vector<std::string> event_catalog::close_matches(std::string_view event_name) const {
    std::vector<std::pair<std::size_t, std::string_view>> near;
    for (const auto& [name, schema] : schemas) {
        const std::size_t distance = spelling_distance(event_name, name);
        if (distance <= largest_slip(event_name)) near.emplace_back(distance, name);
    }
    std::ranges::sort(near);
    if (near.size() > most_matches) near.resize(most_matches);
    std::vector<std::string> names;
    for (const auto& [distance, name] : near)
        names.emplace_back(name);
    return names;
}

}  // namespace posthaste
