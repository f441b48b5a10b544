#include "lib/http/prefer.hpp"

#include <algorithm>
#include <charconv>

#include "lib/base/text.hpp"

namespace posthaste {
namespace {

// Takes the next preference off, up to a comma that is not in a quoted string.
std::string_view next_preference(std::string_view& list) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < list.size() && (quoted || list[end] != ','); ++end) {
        if (list[end] == '"') quoted = !quoted;
        if (list[end] == '\\' && quoted) ++end;
    }
    end = std::min(end, list.size());
    const std::string_view preference = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return preference;
}

std::string_view unquoted(std::string_view value) {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') return value.substr(1, value.size() - 2);
    return value;
}

// "wait=10" and its parameters; empty for any other preference.
std::optional<seconds> wait_of(std::string_view preference) {
    preference = preference.substr(0, preference.find(';'));
    const std::size_t equals = preference.find('=');
    if (equals == std::string_view::npos || !equals_ignoring_case(trim(preference.substr(0, equals)), "wait"))
        return {};
    const std::string_view value = unquoted(trim(preference.substr(equals + 1)));
    const bool digits = !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return {};
    std::int64_t count = 0;
    const bool fits = std::from_chars(value.data(), value.data() + value.size(), count).ec == std::errc();
    return fits ? std::min(seconds{count}, longest_wait) : longest_wait;
}

}  // namespace

std::optional<seconds> preferred_wait(const request_head& head) {
    for (const header_field& field : head.fields) {
        if (!equals_ignoring_case(field.name, "prefer")) continue;
        for (std::string_view list = field.value; !list.empty();) {
            const std::optional<seconds> wait = wait_of(next_preference(list));
            if (wait) return *wait > seconds{0} ? wait : std::nullopt;
        }
    }
    return {};
}

}  // namespace posthaste
