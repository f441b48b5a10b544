// What is kept of an answer that is no success: its JSON "message", else its first KiB. And what may be shown of any.
//
// The API key, which some upstreams quote when they refuse it, is never shown: "[the API key]" stands in its place. One
// of `shortest_plain_key` bytes or more stands in no text by chance, and is hidden wherever it does. A shorter one may
// be any word ("test" is a part of "contest"): only in answers that are no success is it hidden, as a word of its own
// (not bordered by letters, digits, '-' or '_'), and the body of a success stays as it is. Pure; any thread.

#pragma once

#include <string>
#include <string_view>

namespace posthaste {

inline constexpr std::size_t max_answer_bytes = 64 * 1024;  // of an answer's body that are read
inline constexpr std::size_t max_error_text_bytes = 1024;

inline constexpr std::size_t shortest_plain_key = 12;

// Safe to show (printable), at most 1 KiB, the key hidden. `body`: as far as it was read. `key`: the API key.
[[nodiscard]] std::string error_text(int status, std::string_view body, std::string_view key);

// The body of an answer of this status with the key hidden.
[[nodiscard]] std::string without_key(int status, std::string body, std::string_view key);

}  // namespace posthaste
