#include "lib/delivery/answer_text.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

std::string shown(std::string text, std::string_view key) {
    return printable(without_key(std::move(text), key), max_error_text_bytes);
}

}  // namespace

std::string without_key(std::string body, std::string_view key) {
    constexpr std::string_view in_its_place = "[the API key]";
    for (std::size_t at = 0; !key.empty() && (at = body.find(key, at)) != std::string::npos; at += in_its_place.size())
        body.replace(at, key.size(), in_its_place);
    return body;
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
