#include "lib/http/cursor.hpp"

#include <charconv>

namespace posthaste {

namespace {

constexpr std::string_view mark = "c1";  // says what follows, for the day when it is something else
constexpr std::size_t most_digits = 11;  // of 44 bits

}  // namespace

std::string to_cursor(sequence last) {
    char digits[16];
    const auto written = std::to_chars(digits, digits + sizeof digits, last, 16);
    return std::string(mark).append(digits, written.ptr);
}

std::optional<sequence> parse_cursor(std::string_view text) noexcept {
    if (!text.starts_with(mark)) return std::nullopt;
    text.remove_prefix(mark.size());
    if (text.empty() || text.size() > most_digits) return std::nullopt;
    // As to_cursor() writes them, and in no other way: a listing has one address.
    if (text.find_first_of("ABCDEF") != std::string_view::npos) return std::nullopt;
    if (text.starts_with('0') && text != "0") return std::nullopt;
    sequence last = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), last, 16);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    return last;
}

}  // namespace posthaste
