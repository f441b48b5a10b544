// Decoding UTF-8 one character at a time (RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF). Pure.

#pragma once

#include <cstddef>
#include <string_view>

namespace posthaste {

struct utf8_character {
    char32_t code_point = 0;
    std::size_t size = 0;  // in bytes; 0: what stands there is no UTF-8
};

// The character that `text` begins with. `text` must not be empty.
[[nodiscard]] utf8_character decode_utf8(std::string_view text) noexcept;

}  // namespace posthaste
