#include "lib/http/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                  "Friday", "Saturday", "Sunday"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes one part of a date after the other from the front of a text; once one is missing, nothing fits any more.
class date_reader {
  public:
    explicit date_reader(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

    void skip(std::string_view wanted) {
        ok_ = ok_ && rest_.starts_with(wanted);
        if (ok_) rest_.remove_prefix(wanted.size());
    }

    // Exactly so many digits; the first may be a space where `padded`.
    int number(std::size_t digits, bool padded = false) {
        if (padded && rest_.starts_with(' ')) {
            rest_.remove_prefix(1);
            --digits;
        }
        ok_ = ok_ && rest_.size() >= digits && std::all_of(rest_.begin(), rest_.begin() + digits, is_digit);
        if (!ok_) return 0;
        int value = 0;
        std::from_chars(rest_.data(), rest_.data() + digits, value);
        rest_.remove_prefix(digits);
        return value;
    }

    unsigned month() {
        const auto found = std::find(months.begin(), months.end(), rest_.substr(0, 3));
        ok_ = ok_ && found != months.end();
        if (!ok_) return 0;
        rest_.remove_prefix(3);
        return static_cast<unsigned>(found - months.begin()) + 1;
    }

    void day_name(bool whole) {
        const auto found = std::find_if(days.begin(), days.end(), [&](std::string_view name) {
            return rest_.starts_with(whole ? name : name.substr(0, 3));
        });
        ok_ = ok_ && found != days.end();
        if (ok_) rest_.remove_prefix(whole ? found->size() : 3);
    }

    milliseconds time_of_day() {
        const int hour = number(2);
        skip(":");
        const int minute = number(2);
        skip(":");
        const int second = number(2);
        ok_ = ok_ && hour < 24 && minute < 60 && second <= 60;  // 60: a leap second
        return chrono::hours{hour} + chrono::minutes{minute} + seconds{second};
    }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

struct calendar_day {
    int year = 0;
    unsigned month = 0;
    int day = 0;
};

std::optional<wall_time> time_of(const date_reader& read, const calendar_day& on, milliseconds time) {
    if (!read.at_end()) return std::nullopt;
    const chrono::year_month_day date(chrono::year{on.year}, chrono::month{on.month},
                                      chrono::day{static_cast<unsigned>(on.day)});
    if (!date.ok()) return std::nullopt;
    return wall_time(chrono::sys_days(date)) + time;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<wall_time> parse_fixed_date(std::string_view text) {
    date_reader read(text);
    calendar_day on;
    read.day_name(false);
    read.skip(", ");
    on.day = read.number(2);
    read.skip(" ");
    on.month = read.month();
    read.skip(" ");
    on.year = read.number(4);
    read.skip(" ");
    const auto time = read.time_of_day();
    read.skip(" GMT");
    return time_of(read, on, time);
}

// "Sunday, 06-Nov-94 08:49:37 GMT": a year more than 50 years ahead is one of the past.
std::optional<wall_time> parse_short_date(std::string_view text, wall_time now) {
    date_reader read(text);
    calendar_day on;
    read.day_name(true);
    read.skip(", ");
    on.day = read.number(2);
    read.skip("-");
    on.month = read.month();
    read.skip("-");
    const int this_year = static_cast<int>(chrono::year_month_day(chrono::floor<chrono::days>(now)).year());
    on.year = this_year - this_year % 100 + read.number(2);
    if (on.year > this_year + 50) on.year -= 100;
    read.skip(" ");
    const auto time = read.time_of_day();
    read.skip(" GMT");
    return time_of(read, on, time);
}

// "Sun Nov  6 08:49:37 1994", which is in GMT, too.
std::optional<wall_time> parse_c_date(std::string_view text) {
    date_reader read(text);
    calendar_day on;
    read.day_name(false);
    read.skip(" ");
    on.month = read.month();
    read.skip(" ");
    on.day = read.number(2, true);
    read.skip(" ");
    const auto time = read.time_of_day();
    read.skip(" ");
    on.year = read.number(4);
    return time_of(read, on, time);
}

std::optional<wall_time> parse_http_date(std::string_view text, wall_time now) {
    if (auto fixed = parse_fixed_date(text)) return fixed;
    if (auto shorter = parse_short_date(text, now)) return shorter;
    return parse_c_date(text);
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value, wall_time now) {
    value = trim(value);
    if (value.empty()) return std::nullopt;
    if (std::all_of(value.begin(), value.end(), is_digit)) {
        constexpr seconds most = chrono::duration_cast<seconds>(longest_retry_after);
        seconds::rep given = 0;
        const auto read = std::from_chars(value.data(), value.data() + value.size(), given);
        return read.ec == std::errc() ? std::min(seconds{given}, most) : most;
    }
    const auto date = parse_http_date(value, now);
    if (!date) return std::nullopt;
    return std::clamp(*date - now, milliseconds{0}, longest_retry_after);
}

}  // namespace posthaste
