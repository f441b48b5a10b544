#include "lib/base/text.hpp"

#include <algorithm>
#include <vector>

#include "lib/base/utf8.hpp"

namespace posthaste {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view ellipsis = "\u2026";
constexpr std::string_view replacement_character = "\uFFFD";

// Longer words are no slips of the pen, and the distance costs the product of both lengths.
constexpr std::size_t longest_word_to_match = 128;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

void append_hex(std::string& out, char32_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        out += hex_digits[(value >> shift) & 0xFu];
}

// Characters that change how the text around them is shown, or break the line.
bool deceives_a_reader(char32_t code_point) noexcept {
    return (code_point >= 0x80 && code_point <= 0x9F) ||      // C1 controls
           code_point == 0x61C ||                             // Arabic letter mark
           code_point == 0x200E || code_point == 0x200F ||    // left-to-right and right-to-left marks
           (code_point >= 0x2028 && code_point <= 0x202E) ||  // line and paragraph separators, embeddings, overrides
           (code_point >= 0x2066 && code_point <= 0x2069);    // isolates
}

// One character as printable() shows it, appended to `out`; returns the bytes of `text` used.
std::size_t append_printable(std::string& out, std::string_view text) {
    const utf8_character character = decode_utf8(text);
    if (character.size == 0) {
        out += "\\x";
        append_hex(out, static_cast<unsigned char>(text.front()), 2);
        return 1;
    }
    if (character.code_point == '\n') {
        out += "\\n";
    } else if (character.code_point == '\r') {
        out += "\\r";
    } else if (character.code_point == '\t') {
        out += "\\t";
    } else if (character.code_point < 0x20 || character.code_point == 0x7F) {
        out += "\\x";
        append_hex(out, character.code_point, 2);
    } else if (deceives_a_reader(character.code_point)) {
        out += "\\u";
        append_hex(out, character.code_point, 4);
    } else {
        out += text.substr(0, character.size);
    }
    return character.size;
}

void append_json_escape(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            out += "\\u";
            append_hex(out, static_cast<unsigned char>(c), 4);
    }
}

// Optimal string alignment: insert, delete, replace, swap two neighbours. Both words in lower case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string to_lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::string_view trim(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string printable(std::string_view text, std::size_t most) {
    std::string out;
    out.reserve(std::min(text.size(), most));
    while (!text.empty()) {
        const std::size_t kept = out.size();
        text.remove_prefix(append_printable(out, text));
        if (out.size() > most) {
            out.resize(kept);
            out += ellipsis;
            break;
        }
    }
    return out;
}

std::size_t spelling_distance(std::string_view a, std::string_view b) {
    if (a.size() > longest_word_to_match || b.size() > longest_word_to_match) return std::max(a.size(), b.size());
    return edit_distance(to_lower(a), to_lower(b));
}

std::size_t largest_slip(std::string_view word) noexcept {
    return std::max<std::size_t>(1, word.size() / 3);
}

std::optional<std::string> closest_match(std::string_view word, std::span<const std::string> candidates) {
    const std::string* closest = nullptr;
    std::size_t smallest = largest_slip(word) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = spelling_distance(word, candidate);
        if (distance < smallest) {
            smallest = distance;
            closest = &candidate;
        }
    }
    if (closest == nullptr) return std::nullopt;
    return *closest;
}

std::string json_quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_json_quoted(out, text);
    return out;
}

void append_json_quoted(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto needs_care = [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x80 || c == '"' ||
                   c == '\\';
        };
        const auto plain = static_cast<std::size_t>(std::ranges::find_if(text, needs_care) - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;

        const utf8_character character = decode_utf8(text);
        if (character.size == 0) {
            out += replacement_character;
        } else if (character.size == 1) {
            append_json_escape(out, text.front());
        } else {
            out += text.substr(0, character.size);
        }
        text.remove_prefix(std::max<std::size_t>(character.size, 1));
    }
    out += '"';
}

std::string pointer_token(std::string_view name) {
    std::string token;
    token.reserve(name.size());
    for (const char c : name) {
        if (c == '~') {
            token += "~0";
        } else if (c == '/') {
            token += "~1";
        } else {
            token += c;
        }
    }
    return token;
}

}  // namespace posthaste
