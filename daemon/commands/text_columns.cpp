#include "daemon/commands/text_columns.hpp"

#include <algorithm>

#include <locale.h>
#include <wchar.h>

#include "lib/base/utf8.hpp"

namespace posthaste {

namespace {

// wcwidth() of UTF-8, whatever the process's locale is; where the C library lacks that locale, 1.
std::size_t columns_of(char32_t code_point) {
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
    if (utf8 == locale_t{}) return 1;
    const locale_t before = ::uselocale(utf8);
    const int width = ::wcwidth(static_cast<wchar_t>(code_point));
    ::uselocale(before);
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

struct character {
    std::size_t size = 1;  // in bytes
    std::size_t columns = 1;
};

character first_of(std::string_view text) {
    const auto decoded = decode_utf8(text);
    if (decoded.size == 0) return {};
    return {decoded.size, columns_of(decoded.code_point)};
}

// The bytes of as many characters as fit.
std::size_t fitting(std::string_view text, std::size_t columns) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto next = first_of(text.substr(at));
        if (next.columns > columns) break;
        columns -= next.columns;
        at += next.size;
    }
    return at;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const auto next = first_of(text);
        columns += next.columns;
        text.remove_prefix(next.size);
    }
    return columns;
}

std::string cut_to(std::string_view text, std::size_t columns) {
    if (fitting(text, columns) == text.size()) return std::string(text);
    if (columns == 0) return "";
    return std::string(text.substr(0, fitting(text, columns - 1))) + "\u2026";
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
    std::vector<std::string> lines;
    while (columns > 0 && fitting(text, columns) < text.size()) {
        const std::size_t fits = std::max(fitting(text, columns), first_of(text).size);
        const std::size_t space = text.substr(0, fits + 1).rfind(' ');
        const bool between_words = space != std::string_view::npos && space > 0;
        lines.emplace_back(text.substr(0, between_words ? space : fits));
        text.remove_prefix(between_words ? space + 1 : fits);
    }
    if (!text.empty() || lines.empty()) lines.emplace_back(text);
    return lines;
}

}  // namespace posthaste
