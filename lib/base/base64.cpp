#include "lib/base/base64.hpp"

#include <algorithm>
#include <cstdint>

namespace posthaste {

std::string base64_encoded(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    constexpr std::size_t group = 3;
    std::string text;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(group, bytes.size()))) {
        std::uint32_t bits = 0;
        for (std::size_t at = 0; at < group; ++at)
            bits = bits << 8 | (at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u);
        for (std::size_t digit = 0; digit <= group; ++digit)
            text += digit <= bytes.size() ? digits[bits >> (18 - 6 * digit) & 63] : '=';
    }
    return text;
}

}  // namespace posthaste
