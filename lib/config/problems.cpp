#include "lib/config/problems.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "lib/base/text.hpp"

namespace posthaste {

std::string place_text(const std::string& file, location where) {
    return printable(file) + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

void problem_list::add(const std::string& file, std::optional<location> where, const std::string& key,
                       const std::string& what) {
    auto text = where ? place_text(file, *where) : printable(file);
    if (!key.empty()) text += ": " + key;
    entries_.push_back({source_number(file), where, entries_.size(), text + ": " + what});
}

void problem_list::add(const std::string& file, const std::string& key, const value_faults& faults) {
    for (const auto& fault : faults) {
        add(file, fault.where, key + fault.below, fault.what);
    }
}

void problem_list::add_override(const std::string& key, const std::string& what) {
    entries_.push_back({std::numeric_limits<std::size_t>::max(), std::nullopt, entries_.size(),
                        "--set " + printable(key) + ": " + what});
}

config_problems problem_list::sorted() const {
    // What has no place comes after what has one: a missing key after the wrong ones.
    const auto order = [](const entry& e) {
        constexpr auto last = std::numeric_limits<std::size_t>::max();
        return std::tuple(e.source, e.where ? e.where->line : last, e.where ? e.where->column : last, e.number);
    };
    auto entries = entries_;
    std::ranges::sort(entries, {}, order);
    config_problems problems;
    for (auto& each : entries) {
        problems.push_back({std::move(each.text)});
    }
    return problems;
}

std::size_t problem_list::source_number(const std::string& file) {
    const auto found = std::find(files_.begin(), files_.end(), file);
    if (found != files_.end()) return static_cast<std::size_t>(found - files_.begin());
    files_.push_back(file);
    return files_.size() - 1;
}

}  // namespace posthaste
