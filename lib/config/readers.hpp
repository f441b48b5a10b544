// Readers: each turns one value of the configuration into its type, or says what it expected instead.
//
// A reader is called as reader(json, faults) and returns the value; empty once it has added to `faults`, but for a
// list, which holds what could be read. Pure; any thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"
#include "lib/config/faults.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// Adds `what` as the fault of the value as a whole.
void add_fault(value_faults& faults, const located_json& json, std::string what);

// "expected WANTED, found an array"; a string or a number that was found is shown.
[[nodiscard]] std::string expected(std::string_view wanted, const located_json& found);

struct duration_between {
    milliseconds least;
    milliseconds most;
    std::optional<milliseconds> operator()(const located_json& json, value_faults& faults) const;
};

struct size_between {
    std::uint64_t least;
    std::uint64_t most;
    std::optional<std::uint64_t> operator()(const located_json& json, value_faults& faults) const;
};

struct count_between {
    std::uint32_t least;
    std::uint32_t most;
    std::optional<std::uint32_t> operator()(const located_json& json, value_faults& faults) const;
};

struct read_flag {
    std::optional<bool> operator()(const located_json& json, value_faults& faults) const;
};

// A file or folder, relative to the working directory unless it begins with "/".
struct read_path {
    std::optional<std::string> operator()(const located_json& json, value_faults& faults) const;
};

// Statuses of the upstream's answers and what they mean: {"409": "delivered"}; delivered | retry | dead | pause.
struct read_statuses {
    std::optional<std::map<int, verdict>> operator()(const located_json& json, value_faults& faults) const;
};

// null, or what `reader` takes.
template <class Reader>
struct null_or {
    Reader reader;

    auto operator()(const located_json& json, value_faults& faults) const {
        using value = decltype(reader(json, faults));
        if (json.type == located_json::kind::null) return std::optional<value>(std::in_place, std::nullopt);
        auto read = reader(json, faults);
        return read ? std::optional<value>(std::move(read)) : std::nullopt;
    }
};

// One of a few words.
template <class T>
struct one_of {
    std::vector<std::pair<std::string, T>> choices;

    std::optional<T> operator()(const located_json& json, value_faults& faults) const {
        std::string wanted;
        std::vector<std::string> words;
        for (const auto& [word, value] : choices) {
            if (json.type == located_json::kind::string && json.string == word) return value;
            if (!wanted.empty()) wanted += word == choices.back().first ? " or " : ", ";
            wanted += "\"" + word + "\"";
            words.push_back(word);
        }
        auto what = expected(wanted, json);
        if (json.type == located_json::kind::string) {
            if (auto near = closest_match(json.string, words)) what += " (did you mean \"" + *near + "\"?)";
        }
        add_fault(faults, json, std::move(what));
        return std::nullopt;
    }
};

// A list of what `reader` takes; all its faulty elements are told.
template <class Reader>
struct list_of {
    Reader reader;
    std::string_view wanted;  // "an array of …"

    auto operator()(const located_json& json, value_faults& faults) const {
        using value = typename decltype(reader(json, faults))::value_type;
        std::optional<std::vector<value>> values(std::in_place);
        if (json.type != located_json::kind::array) add_fault(faults, json, expected(wanted, json));
        for (std::size_t i = 0; i < json.elements.size(); ++i) {
            value_faults inner;
            if (auto read = reader(json.elements[i], inner)) values->push_back(*std::move(read));
            for (auto& fault : inner) {
                fault.below.insert(0, "[" + std::to_string(i) + "]");
                faults.push_back(std::move(fault));
            }
        }
        return values;
    }
};

}  // namespace posthaste
