// Small things about text that several modules need. Pure; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace posthaste {

// ASCII only: HTTP field names, JSON keywords and units are.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;  // spaces and tabs

// What came from outside, safe to show on a terminal or in a log line: control characters (C0, DEL, C1), bytes that are
// no UTF-8 and Unicode's bidirectional controls become \n, \t, \x1b, \u202e …; what would be
// longer than `most` bytes is cut, between two characters, and ends in "…".
[[nodiscard]] std::string printable(std::string_view text, std::size_t most = 256);

// How many slips of the pen (insert, delete, replace, swap two neighbours) are between two words, ignoring case:
// optimal string alignment, a Damerau-Levenshtein distance. Words over 128 bytes count as wholly different.
[[nodiscard]] std::size_t spelling_distance(std::string_view a, std::string_view b);
// The largest distance at which another word may still be what `word` was meant to be: a third of its length, at least
// one.
[[nodiscard]] std::size_t largest_slip(std::string_view word) noexcept;
// The candidate that `word` was probably meant to be: the nearest one within the largest slip, the first of equals.
[[nodiscard]] std::optional<std::string> closest_match(std::string_view word, std::span<const std::string> candidates);

// A JSON string literal, quotes included, of any bytes (what is no UTF-8 becomes U+FFFD).
[[nodiscard]] std::string json_quote(std::string_view text);
// The same, appended: the hot path's answers are built in one buffer.
void append_json_quoted(std::string& out, std::string_view text);

// One reference token of a JSON pointer (RFC 6901): "~" → "~0", "/" → "~1".
[[nodiscard]] std::string pointer_token(std::string_view name);

}  // namespace posthaste
