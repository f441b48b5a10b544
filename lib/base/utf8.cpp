#include "lib/base/utf8.hpp"

namespace posthaste {

utf8_character decode_utf8(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {first, 1};

    std::size_t size = 0;
    char32_t code_point = 0;
    char32_t smallest = 0;  // what is smaller had a shorter form
    if ((first & 0xE0) == 0xC0) {
        size = 2, code_point = first & 0x1Fu, smallest = 0x80;
    } else if ((first & 0xF0) == 0xE0) {
        size = 3, code_point = first & 0x0Fu, smallest = 0x800;
    } else if ((first & 0xF8) == 0xF0) {
        size = 4, code_point = first & 0x07u, smallest = 0x10000;
    }
    if (size == 0 || size > text.size()) return {};
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte(at) & 0xC0) != 0x80) return {};
        code_point = (code_point << 6) | (byte(at) & 0x3Fu);
    }
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (code_point < smallest || code_point > 0x10FFFF || surrogate) return {};
    return {code_point, size};
}

}  // namespace posthaste
