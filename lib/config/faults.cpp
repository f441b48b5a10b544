#include "lib/config/faults.hpp"

#include <algorithm>
#include <optional>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

bool same(location a, location b) {
    return a.line == b.line && a.column == b.column;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

std::optional<std::string> find_path(const located_json& json, location where) {
    if (same(json.where, where)) return "";
    for (const auto& member : json.members) {
        if (same(member.where, where)) return path_step(member.name);
        if (auto rest = find_path(member.value, where)) return path_step(member.name) + *rest;
    }
    for (std::size_t i = 0; i < json.elements.size(); ++i) {
        if (auto rest = find_path(json.elements[i], where)) return "[" + std::to_string(i) + "]" + *rest;
    }
    return std::nullopt;
}

}  // namespace

std::string path_step(std::string_view member) {
    if (is_plain_name(member)) return "." + std::string(member);
    return "[" + json_quote(printable(member)) + "]";
}

std::string path_to(const located_json& root, location where) {
    return find_path(root, where).value_or("");
}

value_faults with_paths(const located_json& root, const std::vector<located_fault>& faults) {
    value_faults placed;
    for (const auto& fault : faults) {
        placed.push_back({fault.where, path_to(root, fault.where), fault.what});
    }
    return placed;
}

}  // namespace posthaste
