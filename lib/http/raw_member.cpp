#include "lib/http/raw_member.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace posthaste {

namespace {

std::size_t skip_space(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

// `at` is a string's opening quote.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
    return std::min(at + 1, text.size());
}

// `at` is a value's first byte.
std::size_t skip_value(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at;
    }
    return at;
}

bool is_name(std::string_view literal, std::string_view name) {
    if (literal.size() < 2) return false;
    const std::string_view inside = literal.substr(1, literal.size() - 2);
    if (inside.find('\\') == std::string_view::npos) return inside == name;
    const auto decoded = nlohmann::json::parse(literal, nullptr, false);
    return decoded.is_string() && decoded.get_ref<const std::string&>() == name;
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object, std::string_view name) {
    std::size_t at = skip_space(object, 0);
    if (at == object.size() || object[at] != '{') return {};
    at = skip_space(object, at + 1);
    while (at < object.size() && object[at] == '"') {
        const std::size_t name_end = skip_string(object, at);
        const bool found = is_name(object.substr(at, name_end - at), name);
        const std::size_t colon = skip_space(object, name_end);
        if (colon == object.size()) return {};
        const std::size_t value = skip_space(object, colon + 1);
        std::size_t end = skip_value(object, value);
        if (found) {
            while (end > value && std::string_view(" \t\r\n").find(object[end - 1]) != std::string_view::npos)
                --end;
            return object.substr(value, end - value);
        }
        if (end == object.size() || object[end] != ',') return {};
        at = skip_space(object, end + 1);
    }
    return {};
}

}  // namespace posthaste
