// Numbers as bytes, the lowest first on every machine: for what is summed and stored. Pure.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstring>

namespace posthaste {

template <std::integral Number>
[[nodiscard]] std::array<char, sizeof(Number)> to_little_endian(Number value) noexcept {
    auto bytes = std::bit_cast<std::array<char, sizeof(Number)>>(value);
    if constexpr (std::endian::native == std::endian::big) {
        std::ranges::reverse(bytes);
    }
    return bytes;
}

// `bytes` holds as many as the number has.
template <std::integral Number>
[[nodiscard]] Number from_little_endian(const char* bytes) noexcept {
    std::array<char, sizeof(Number)> own{};
    std::memcpy(own.data(), bytes, sizeof(Number));
    return std::bit_cast<Number>(to_little_endian(std::bit_cast<Number>(own)));
}

}  // namespace posthaste
