// How the commands read what the daemon answers, and tell what it refused.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "daemon/commands/client.hpp"

namespace posthaste {

// A member of a document that may be anything; null when it is not there.
[[nodiscard]] const nlohmann::json& member_of(const nlohmann::json& document, const char* member);
// "" when it is not there or no string.
[[nodiscard]] std::string text_of(const nlohmann::json& document, const char* member);
// Empty when it is not there or no whole number from 0 on.
[[nodiscard]] std::optional<std::uint64_t> number_of(const nlohmann::json& document, const char* member);

// Whether the daemon's answer is that of an earlier request with the same Idempotency-Key.
[[nodiscard]] bool is_replay(const daemon_answer& answer);
// Whether it is the problem of that name, such as "queue-full".
[[nodiscard]] bool is_problem(const daemon_answer& answer, std::string_view name);

// The problem's detail and its errors on stderr, behind "NAME: ". Returns `failed`.
exit_code tell_refusal(const std::string& name, const daemon_answer& answer);

}  // namespace posthaste
