// The character classes of HTTP and URIs (RFC 9110, section 5.6.2; RFC 3986, section 2) as one table. Pure; any thread.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace posthaste {

namespace character_class {
inline constexpr std::uint8_t token = 1;      // of methods, field names, codings
inline constexpr std::uint8_t target = 2;     // of a path and query; "%" is looked at separately
inline constexpr std::uint8_t authority = 4;  // of host[:port], brackets for IPv6 included
inline constexpr std::uint8_t digit = 8;
inline constexpr std::uint8_t hex = 16;
}  // namespace character_class

constexpr std::array<std::uint8_t, 256> make_character_table() {
    using namespace character_class;
    std::array<std::uint8_t, 256> table{};
    const auto mark = [&table](std::string_view characters, std::uint8_t what) {
        for (const char c : characters)
            table[static_cast<unsigned char>(c)] |= what;
    };
    mark("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", token | target | authority);
    mark("0123456789", token | target | authority | digit | hex);
    mark("abcdefABCDEF", hex);
    mark("!#$%&'*+-.^_`|~", token);
    mark("-._~!$&'()*+,;=", target | authority);
    mark(":@/?", target);
    // No RFC 3986, but what browsers and Node.js send as it stands
    // (https://url.spec.whatwg.org/#path-percent-encode-set and what they knew before): a user's name that an SDK puts
    // into its path has them.
    mark("[]^`{|}", target);
    mark(":[]%@", authority);
    return table;
}

inline constexpr std::array<std::uint8_t, 256> character_table = make_character_table();

[[nodiscard]] constexpr bool is_in(char c, std::uint8_t what) noexcept {
    return (character_table[static_cast<unsigned char>(c)] & what) != 0;
}

// Whether there is at least one character and all are of the class.
[[nodiscard]] constexpr bool is_all_in(std::string_view text, std::uint8_t what) noexcept {
    for (const char c : text)
        if (!is_in(c, what)) return false;
    return !text.empty();
}

}  // namespace posthaste
