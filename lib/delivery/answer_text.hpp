// What is kept of an answer that is no success: its JSON "message", else its first KiB. Pure; any thread.

#pragma once

#include <string>
#include <string_view>

namespace posthaste {

inline constexpr std::size_t max_answer_bytes = 64 * 1024;  // of an answer's body that are read
inline constexpr std::size_t max_error_text_bytes = 1024;

// Safe to show (printable), at most 1 KiB. `body`: as far as it was read. `key`: the API key, which some upstreams
// quote when they refuse it; "[the API key]" stands in its place.
[[nodiscard]] std::string error_text(int status, std::string_view body, std::string_view key);

// Whatever of the body is the key: "[the API key]" stands in its place.
[[nodiscard]] std::string without_key(std::string body, std::string_view key);

}  // namespace posthaste
