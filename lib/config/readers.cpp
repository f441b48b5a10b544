#include "lib/config/readers.hpp"

#include <charconv>

namespace posthaste {

namespace {

template <class T>
std::string range_text(T least, T most, std::string (*text)(T)) {
    return " from " + text(least) + " to " + text(most);
}

std::string quoted_duration(milliseconds value) {
    return "\"" + duration_text(value) + "\"";
}

std::string quoted_size(std::uint64_t value) {
    return "\"" + size_text(value) + "\"";
}

// "404" → 404; empty for what is no status of a final answer.
std::optional<int> status_of(std::string_view text) {
    int status = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
    const bool whole = error == std::errc() && end == text.data() + text.size() && text.size() == 3;
    return whole && status >= 200 && status <= 599 ? std::optional(status) : std::nullopt;
}

std::string count_text(std::uint32_t value) {
    return std::to_string(value);
}

}  // namespace

void add_fault(value_faults& faults, const located_json& json, std::string what) {
    faults.push_back({json.where, "", std::move(what)});
}

std::string expected(std::string_view wanted, const located_json& found) {
    std::string text = "expected " + std::string(wanted) + ", found ";
    switch (found.type) {
        case located_json::kind::string:
            return text + "\"" + printable(found.string, 80) + "\"";
        case located_json::kind::integer:
            return text + std::to_string(found.integer);
        case located_json::kind::number:
            return text + printable(found.string, 80);
        case located_json::kind::boolean:
            return text + (found.boolean ? "true" : "false");
        default:
            return text.append(found.described());
    }
}

std::optional<milliseconds> duration_between::operator()(const located_json& json, value_faults& faults) const {
    if (json.type == located_json::kind::string) {
        const auto value = parse_duration(json.string);
        if (value && *value >= least && *value <= most) return value;
        if (value || is_endless_duration(json.string)) {
            add_fault(faults, json, expected("a duration" + range_text(least, most, quoted_duration), json));
            return std::nullopt;
        }
    }
    add_fault(faults, json, expected("a duration with its unit (\"250ms\", \"5s\", \"10m\", \"24h\", \"30d\")", json));
    return std::nullopt;
}

std::optional<std::uint64_t> size_between::operator()(const located_json& json, value_faults& faults) const {
    if (json.type == located_json::kind::string) {
        const auto value = parse_size(json.string);
        if (value && *value >= least && *value <= most) return value;
        if (value || is_endless_size(json.string)) {
            add_fault(faults, json, expected("a size" + range_text(least, most, quoted_size), json));
            return std::nullopt;
        }
    }
    add_fault(faults, json, expected("a size with its unit (\"64KiB\", \"1MiB\", \"4GiB\")", json));
    return std::nullopt;
}

std::optional<std::uint32_t> count_between::operator()(const located_json& json, value_faults& faults) const {
    if (json.type == located_json::kind::integer && json.integer >= std::int64_t{least} &&
        json.integer <= std::int64_t{most}) {
        return static_cast<std::uint32_t>(json.integer);
    }
    add_fault(faults, json, expected("a whole number" + range_text(least, most, count_text), json));
    return std::nullopt;
}

std::optional<bool> read_flag::operator()(const located_json& json, value_faults& faults) const {
    if (json.type == located_json::kind::boolean) return json.boolean;
    add_fault(faults, json, expected("true or false", json));
    return std::nullopt;
}

std::optional<std::string> read_path::operator()(const located_json& json, value_faults& faults) const {
    if (json.type == located_json::kind::string && !json.string.empty() &&
        json.string.find('\0') == std::string::npos) {
        return json.string;
    }
    // What stands here by mistake may be the secret itself: it is not shown.
    const auto found = json.type == located_json::kind::string
                           ? (json.string.empty() ? "an empty string" : "a NUL byte")
                           : std::string(json.described());
    add_fault(faults, json, "expected a path, found " + found);
    return std::nullopt;
}

std::optional<std::map<int, verdict>> read_statuses::operator()(const located_json& json, value_faults& faults) const {
    if (json.type != located_json::kind::object) {
        add_fault(faults, json, expected("an object such as {\"409\": \"delivered\"}", json));
        return std::nullopt;
    }
    const one_of<verdict> meaning{{{"delivered", verdict::delivered},
                                   {"retry", verdict::retry},
                                   {"dead", verdict::dead},
                                   {"pause", verdict::pause}}};
    std::map<int, verdict> read;
    const auto faults_before = faults.size();
    for (const auto& member : json.members) {
        value_faults inner;
        const auto status = status_of(member.name);
        if (!status) {
            inner.push_back({member.where, "", "expected the status of a final answer, from \"200\" to \"599\""});
        } else if (const auto value = meaning(member.value, inner)) {
            read[*status] = *value;
        }
        for (auto& fault : inner) {
            fault.below.insert(0, path_step(member.name));
            faults.push_back(std::move(fault));
        }
    }
    if (faults.size() != faults_before) return std::nullopt;
    return read;
}

}  // namespace posthaste
