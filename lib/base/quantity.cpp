#include "lib/base/quantity.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "lib/base/require.hpp"

namespace posthaste {

namespace {

template <class Number>
struct unit {
    std::string_view name;
    Number value;
};

constexpr std::array<unit<std::int64_t>, 5> duration_units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<unit<std::uint64_t>, 5> size_units{
    {{"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}}};

constexpr std::int64_t longest_duration_ms = 36500LL * 86'400'000;
// 11 digits times the milliseconds of a day still fit 64 bits, and no 12 significant ones are whole milliseconds.
constexpr std::size_t most_fraction_digits = 11;

std::string_view take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9')
        ++count;
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

template <class Number>
std::optional<Number> to_number(std::string_view digits) {
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

template <class Number, std::size_t Count>
std::optional<Number> unit_value(const std::array<unit<Number>, Count>& units, std::string_view name) {
    for (const auto& known : units) {
        if (known.name == name) return known.value;
    }
    return std::nullopt;
}

// The part of `unit_ms` that ".5" means; empty when it is no whole number of milliseconds.
std::optional<std::int64_t> fraction_of(std::string_view digits, std::int64_t unit_ms) {
    while (digits.ends_with('0'))
        digits.remove_suffix(1);
    if (digits.empty()) return 0;
    if (digits.size() > most_fraction_digits) return std::nullopt;
    std::int64_t scale = 1;
    for (std::size_t i = 0; i < digits.size(); ++i)
        scale *= 10;
    const std::int64_t scaled = *to_number<std::int64_t>(digits) * unit_ms;
    if (scaled % scale != 0) return std::nullopt;
    return scaled / scale;
}

// A number with its unit, in the unit's own terms.
template <class Number>
struct reading {
    std::string_view whole;
    std::string_view fraction;  // "" without one
    Number unit = 0;
};

template <class Number, std::size_t Count>
std::optional<reading<Number>> read_quantity(const std::array<unit<Number>, Count>& units, std::string_view text) {
    reading<Number> read;
    read.whole = take_digits(text);
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        read.fraction = take_digits(text);
        if (read.fraction.empty()) return std::nullopt;
    }
    const auto value = unit_value(units, text);
    if (read.whole.empty() || !value) return std::nullopt;
    read.unit = *value;
    return read;
}

std::optional<reading<std::uint64_t>> read_size(std::string_view text) {
    const auto read = read_quantity(size_units, text);
    return read && read->fraction.empty() ? read : std::nullopt;
}

template <class Number>
bool is_over(const reading<Number>& read, Number most) {
    const auto count = to_number<Number>(read.whole);  // digits alone: empty where it does not fit
    return !count || *count > most / read.unit;
}

constexpr std::uint64_t largest_size = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
    const auto read = read_quantity(duration_units, text);
    if (!read || is_over(*read, longest_duration_ms)) return std::nullopt;
    const auto fraction = fraction_of(read->fraction, read->unit);
    if (!fraction) return std::nullopt;
    const std::int64_t value = *to_number<std::int64_t>(read->whole) * read->unit + *fraction;
    if (value > longest_duration_ms) return std::nullopt;
    return milliseconds{value};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto read = read_size(text);
    if (!read || is_over(*read, largest_size)) return std::nullopt;
    return *to_number<std::uint64_t>(read->whole) * read->unit;
}

bool is_endless_duration(std::string_view text) {
    const auto read = read_quantity(duration_units, text);
    if (!read || is_over(*read, longest_duration_ms)) return read.has_value();
    const auto fraction = fraction_of(read->fraction, read->unit);
    return fraction && *to_number<std::int64_t>(read->whole) * read->unit + *fraction > longest_duration_ms;
}

bool is_endless_size(std::string_view text) {
    const auto read = read_size(text);
    return read && is_over(*read, largest_size);
}

std::string duration_text(milliseconds value) {
    REQUIRE(value.count() >= 0, "durations that are shown are not negative");
    if (value.count() == 0) return "0s";
    const unit<std::int64_t>* shown = &duration_units.front();
    for (const auto& candidate : duration_units) {
        const bool a_single_day = candidate.name == "d" && value.count() == candidate.value;
        if (value.count() % candidate.value == 0 && !a_single_day) shown = &candidate;
    }
    return std::to_string(value.count() / shown->value).append(shown->name);
}

std::string size_text(std::uint64_t bytes) {
    if (bytes == 0) return "0B";
    const unit<std::uint64_t>* shown = &size_units.front();
    for (const auto& candidate : size_units) {
        if (bytes % candidate.value == 0) shown = &candidate;
    }
    return std::to_string(bytes / shown->value).append(shown->name);
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, 1, ',');
    return digits;
}

}  // namespace posthaste
