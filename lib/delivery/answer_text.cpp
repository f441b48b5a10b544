#include "lib/delivery/answer_text.hpp"

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"

namespace posthaste {

std::string error_text(int status, std::string_view body) {
    constexpr bool throwing = false;
    const auto json = nlohmann::json::parse(body.begin(), body.end(), nullptr, throwing);
    if (json.is_object()) {
        const auto message = json.find("message");
        if (message != json.end() && message->is_string()) {
            const auto& text = message->get_ref<const std::string&>();
            if (!text.empty()) return printable(text, max_error_text_bytes);
        }
    }
    if (body.empty()) return "the upstream answered " + std::to_string(status) + " without a message";
    return printable(body.substr(0, max_error_text_bytes), max_error_text_bytes);
}

}  // namespace posthaste
