#include "lib/event/plain_scanner.hpp"

#include <array>

#include "lib/base/utf8.hpp"

namespace posthaste {
namespace {

constexpr std::ptrdiff_t most_digits = 300;  // so far below the range's end that no number is out of it

enum class kind : unsigned char { ordinary, quote, backslash, control, beyond_ascii };

constexpr std::array<kind, 256> make_kinds() {
    std::array<kind, 256> kinds{};
    for (std::size_t byte = 0; byte < kinds.size(); ++byte) {
        kinds[byte] = byte < 0x20 ? kind::control : byte >= 0x80 ? kind::beyond_ascii : kind::ordinary;
    }
    kinds['"'] = kind::quote;
    kinds['\\'] = kind::backslash;
    return kinds;
}

constexpr std::array<kind, 256> kinds = make_kinds();

// The four digits at `at`; -1 where they are none.
int hex4(const char* at, const char* end) noexcept {
    if (end - at < 4) return -1;
    int value = 0;
    for (const char* digit = at; digit != at + 4; ++digit) {
        const char c = *digit;
        const int one = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (one < 0) return -1;
        value = value * 16 + one;
    }
    return value;
}

// Behind the escape that begins at `at`, with a backslash; null: not plainly well-formed.
const char* skip_escape(const char* at, const char* end) noexcept {
    if (end - at < 2) return nullptr;
    if (at[1] != 'u') return std::string_view("\"\\/bfnrt").find(at[1]) == std::string_view::npos ? nullptr : at + 2;
    const int unit = hex4(at + 2, end);
    if (unit < 0) return nullptr;
    const bool surrogate = unit >= 0xD800 && unit <= 0xDFFF;
    if (!surrogate) return at + 6;
    const bool paired = unit < 0xDC00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u';
    const int other = paired ? hex4(at + 8, end) : -1;
    return other >= 0xDC00 && other <= 0xDFFF ? at + 12 : nullptr;
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

const char* skip_digits(const char* at, const char* end) noexcept {
    while (at != end && is_digit(*at))
        ++at;
    return at;
}

}  // namespace

plain_string scan_plain_string(const char* from, const char* end) noexcept {
    plain_string found;
    for (const char* at = from + 1; at != end;) {
        switch (kinds[static_cast<unsigned char>(*at)]) {
            case kind::ordinary:
                ++at;
                break;
            case kind::quote:
                found.bytes = {from + 1, static_cast<std::size_t>(at - from - 1)};
                found.end = at + 1;
                return found;
            case kind::backslash:
                found.escaped = true;
                at = skip_escape(at, end);
                if (at == nullptr) return found;
                break;
            case kind::beyond_ascii: {
                const auto character = decode_utf8({at, static_cast<std::size_t>(end - at)});
                if (character.size == 0) return found;
                at += character.size;
                break;
            }
            case kind::control:
                return found;
        }
    }
    return found;
}

plain_number scan_plain_number(const char* from, const char* end) noexcept {
    plain_number found;
    const char* at = from != end && *from == '-' ? from + 1 : from;
    const char* digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1)) return found;
    if (at != end && *at == '.') {
        found.whole = false;
        const char* fraction = ++at;
        at = skip_digits(at, end);
        if (at == fraction) return found;
    }
    if (at - from <= most_digits) found.end = at;
    return found;
}

}  // namespace posthaste
