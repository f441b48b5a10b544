#include "daemon/commands/refusal_text.hpp"

#include <iostream>

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"

namespace posthaste {

const nlohmann::json& member_of(const nlohmann::json& document, const char* member) {
    static const nlohmann::json nothing;
    if (!document.is_object()) return nothing;
    const auto found = document.find(member);
    return found != document.end() ? *found : nothing;
}

std::string text_of(const nlohmann::json& document, const char* member) {
    const auto& found = member_of(document, member);
    return found.is_string() ? found.get<std::string>() : "";
}

std::optional<std::uint64_t> number_of(const nlohmann::json& document, const char* member) {
    const auto& found = member_of(document, member);
    if (!found.is_number_integer() || found < 0) return std::nullopt;
    return found.get<std::uint64_t>();
}

bool is_replay(const daemon_answer& answer) {
    return answer.field("Idempotency-Replayed") == "true";
}

bool is_problem(const daemon_answer& answer, std::string_view name) {
    const auto type = text_of(nlohmann::json::parse(answer.body, nullptr, false), "type");
    return type == "urn:posthaste:problem:" + std::string(name);
}

exit_code tell_refusal(const std::string& name, const daemon_answer& answer) {
    const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
    const auto detail = text_of(problem, "detail");
    if (detail.empty()) {
        std::cerr << name << ": answered " << answer.status << ", and not as posthaste does: is it another program?\n";
        return exit_code::failed;
    }
    std::cerr << name << ": " << printable(detail, 1024) << " (" << answer.status << ")\n";
    if (problem.contains("errors") && problem["errors"].is_array()) {
        for (const auto& error : problem["errors"]) {
            std::cerr << "  " << printable(text_of(error, "pointer")) << ": "
                      << printable(text_of(error, "detail"), 1024) << "\n";
        }
    }
    return exit_code::failed;
}

}  // namespace posthaste
