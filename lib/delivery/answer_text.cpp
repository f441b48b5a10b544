#include "lib/delivery/answer_text.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr bool is_of_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_word(std::string_view text, std::size_t at, std::size_t size) noexcept {
    const bool joined_before = at > 0 && is_of_word(text[at - 1]);
    const bool joined_behind = at + size < text.size() && is_of_word(text[at + size]);
    return !joined_before && !joined_behind;
}

std::string hidden(std::string text, std::string_view key) {
    constexpr std::string_view in_its_place = "[the API key]";
    const bool anywhere = key.size() >= shortest_plain_key;
    for (std::size_t at = 0; !key.empty() && (at = text.find(key, at)) != std::string::npos;) {
        if (anywhere || is_word(text, at, key.size())) {
            text.replace(at, key.size(), in_its_place);
            at += in_its_place.size();
        } else {
            ++at;
        }
    }
    return text;
}

std::string shown(std::string text, std::string_view key) {
    return printable(hidden(std::move(text), key), max_error_text_bytes);
}

}  // namespace

std::string without_key(int status, std::string body, std::string_view key) {
    if (status / 100 == 2 && key.size() < shortest_plain_key) return body;
    return hidden(std::move(body), key);
}

std::string error_text(int status, std::string_view body, std::string_view key) {
    constexpr bool throwing = false;
    const auto json = nlohmann::json::parse(body.begin(), body.end(), nullptr, throwing);
    if (json.is_object()) {
        const auto message = json.find("message");
        if (message != json.end() && message->is_string()) {
            const auto& text = message->get_ref<const std::string&>();
            if (!text.empty()) return shown(text, key);
        }
    }
    if (body.empty()) return "the upstream answered " + std::to_string(status) + " without a message";
    return shown(std::string(body), key);
}

}  // namespace posthaste
