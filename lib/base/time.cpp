#include "lib/base/time.hpp"

#include <algorithm>

namespace posthaste {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// RFC 3339 has four digits for the year.
constexpr wall_time first_time{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
constexpr wall_time last_time{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - milliseconds{1}};

void put_digits(char* out, unsigned value, int digits) {
    for (char* at = out + digits; at != out; value /= 10)
        *--at = static_cast<char>('0' + value % 10);
}

// Reads a text from its front; once something is not as it should be, everything after it fails too.
class scanner {
  public:
    explicit scanner(std::string_view text) : rest_(text) {}

    // Exactly `count` decimal digits.
    int number(std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i)
            value = value * 10 + digit();
        return value;
    }

    // Any of `allowed`; returns it.
    char one_of(std::string_view allowed) {
        if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
            failed_ = true;
            return '\0';
        }
        const char found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }

    // ".042" as milliseconds, further digits dropped; none is 0.
    milliseconds fraction() {
        if (!rest_.starts_with('.')) return milliseconds{0};
        rest_.remove_prefix(1);
        int value = digit();
        int scale = 100;
        value *= scale;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            scale /= 10;
            value += digit() * scale;
        }
        return milliseconds{value};
    }

    bool at_end() const { return !failed_ && rest_.empty(); }

  private:
    int digit() {
        const char found = one_of("0123456789");
        return found == '\0' ? 0 : found - '0';
    }

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace

std::string to_rfc3339(wall_time time) {
    time = std::clamp(time, first_time, last_time);
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};

    std::string text = "0000-00-00T00:00:00.000Z";
    put_digits(&text[0], static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_digits(&text[5], static_cast<unsigned>(date.month()), 2);
    put_digits(&text[8], static_cast<unsigned>(date.day()), 2);
    put_digits(&text[11], static_cast<unsigned>(clock.hours().count()), 2);
    put_digits(&text[14], static_cast<unsigned>(clock.minutes().count()), 2);
    put_digits(&text[17], static_cast<unsigned>(clock.seconds().count()), 2);
    put_digits(&text[20], static_cast<unsigned>(clock.subseconds().count()), 3);
    return text;
}

std::optional<wall_time> parse_rfc3339(std::string_view text) {
    scanner in(text);
    const int year = in.number(4);
    in.one_of("-");
    const int month = in.number(2);
    in.one_of("-");
    const int day = in.number(2);
    in.one_of("Tt");
    const int hour = in.number(2);
    in.one_of(":");
    const int minute = in.number(2);
    in.one_of(":");
    const int second = in.number(2);
    const milliseconds fraction = in.fraction();
    const char zone = in.one_of("Zz+-");
    int offset_hour = 0;
    int offset_minute = 0;
    if (zone == '+' || zone == '-') {
        offset_hour = in.number(2);
        in.one_of(":");
        offset_minute = in.number(2);
    }
    if (!in.at_end()) return std::nullopt;

    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    const bool in_range = hour <= 23 && minute <= 59 && second <= 60 && offset_hour <= 23 && offset_minute <= 59;
    if (!date.ok() || !in_range) return std::nullopt;

    const minutes offset = (hours{offset_hour} + minutes{offset_minute}) * (zone == '-' ? -1 : 1);
    const auto whole_minute = std::chrono::sys_days{date} + hours{hour} + minutes{minute} - offset;
    const bool last_of_its_day = whole_minute + minutes{1} == std::chrono::ceil<days>(whole_minute);
    if (second == 60 && !last_of_its_day) return std::nullopt;
    return whole_minute + seconds{second} + fraction;
}

}  // namespace posthaste
