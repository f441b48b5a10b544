// Says what is wrong with a JSON text, in our own words: the parser's messages quote the text, and an event's text is
// nobody's business.
//
// The parser only tells how far it had read; the text up to there is read again, with strings, escapes and comments
// told apart. Pure; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

// 1-based; the column counts bytes.
struct location {
    std::size_t line = 1;
    std::size_t column = 1;
};

// `offset` may be the text's size: behind the last byte. Lines end at "\n".
[[nodiscard]] location location_of(std::string_view text, std::size_t offset) noexcept;

// Where the string that begins at `opening_quote` ends: the offset behind its closing quote.
[[nodiscard]] std::size_t end_of_string(std::string_view text, std::size_t opening_quote) noexcept;
// Where the string that ends at `end` begins: the offset of its opening quote.
[[nodiscard]] std::size_t start_of_string(std::string_view text, std::size_t end, bool comments);

struct json_fault {
    std::size_t offset = 0;  // within a string: the byte that is wrong; else: the first byte of the token that is wrong
    std::string what;        // "a comma is missing …", no period; never a part of the text
};

// What the parser would overlook: a byte order mark, or a NUL byte anywhere.
[[nodiscard]] std::optional<json_fault> find_hidden_json_fault(std::string_view text);

// Why the parser stopped, `read` bytes into the text; with `comments`, // and /* */ are allowed in it.
[[nodiscard]] json_fault explain_json_fault(std::string_view text, std::size_t read, bool comments);

}  // namespace posthaste
