// SHA-256 (FIPS 180-4), and a comparison that takes the same time whatever is compared. Pure; any thread.

#pragma once

#include <array>
#include <string_view>

namespace posthaste {

using sha256_digest = std::array<char, 32>;

[[nodiscard]] sha256_digest sha256(std::string_view bytes) noexcept;

// The digest as bytes, for comparing and storing.
[[nodiscard]] inline std::string_view bytes_of(const sha256_digest& digest) noexcept {
    return {digest.data(), digest.size()};
}

// Takes as long for equal digests as for different ones, so that time tells nothing of either.
[[nodiscard]] bool equal_in_constant_time(const sha256_digest& a, const sha256_digest& b) noexcept;

}  // namespace posthaste
