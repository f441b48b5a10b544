// Retry-After is held against plain arithmetic and the C library's reading of dates. The input is the field's value.

#include "lib/http/retry_after.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <string>

#include "lib/base/require.hpp"
#include "lib/base/text.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace posthaste {
namespace {

namespace chrono = std::chrono;

wall_time at(int year, unsigned month, unsigned day) {
    return wall_time(chrono::sys_days(chrono::year(year) / chrono::month(month) / chrono::day(day)));
}

bool is_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

milliseconds within_bounds(milliseconds wait) {
    return std::clamp(wait, milliseconds{0}, longest_retry_after);
}

void judge_seconds(std::string_view digits, milliseconds found) {
    const seconds most = chrono::duration_cast<seconds>(longest_retry_after);
    std::int64_t value = 0;
    for (const char digit : digits)
        value = std::min<std::int64_t>(value * 10 + (digit - '0'), most.count() + 1);
    REQUIRE(found == within_bounds(seconds{value}), "digits are so many seconds");
}

// The C library takes more than we do, but never another time.
void judge_date(const std::string& text, wall_time now, milliseconds found) {
    for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        std::tm read{};
        const char* end = ::strptime(text.c_str(), form, &read);
        if (end == nullptr || *end != '\0') continue;
        const wall_time date{seconds{::timegm(&read)}};
        REQUIRE(found == within_bounds(date - now), "the C library reads the same date");
        return;
    }
    REQUIRE(text.find('-') != std::string::npos, "only the form with two digits of a year is left");
}

void judge(std::string_view value, wall_time now) {
    const auto found = parse_retry_after(value, now);
    REQUIRE(parse_retry_after(" " + std::string(value) + "\t", now) == found, "space around the value means nothing");
    if (!found) return;
    REQUIRE(*found >= milliseconds{0} && *found <= longest_retry_after, "a wait has its bounds");
    const std::string text(trim(value));
    if (is_digits(text)) return judge_seconds(text, *found);
    judge_date(text, now, *found);
    const auto later = parse_retry_after(value, now + seconds{1});
    REQUIRE(later.has_value(), "a date stays a date");
    const bool bounded = *found == milliseconds{0} || *later == longest_retry_after;
    REQUIRE(bounded || *found - *later == seconds{1} || *found == longest_retry_after,
            "a second later the wait is a second shorter");
}

}  // namespace

void try_input(std::string_view input) {
    static const std::array nows = {at(1970, 1, 1), at(1994, 11, 6), at(2026, 11, 26), at(2075, 6, 30),
                                    at(9999, 6, 30)};
    for (const wall_time now : nows)
        judge(input, now);
}

}  // namespace posthaste
