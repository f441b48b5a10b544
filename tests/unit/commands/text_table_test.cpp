#include "daemon/commands/text_table.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "daemon/commands/event_list.hpp"
#include "daemon/commands/spoken.hpp"
#include "daemon/commands/text_columns.hpp"

namespace posthaste {
namespace {

constexpr screen nowhere{};
constexpr screen in_colour{80, 24, true, true};

screen wide(std::size_t columns) {
    return {columns, 24, true, false};
}

std::size_t widest(const std::string& text) {
    std::size_t most = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        most = std::max(most, columns_of(text.substr(at, end - at)));
        at = end + 1;
    }
    return most;
}

TEST(columns_of, counts_as_a_terminal_does) {
    EXPECT_EQ(columns_of(""), 0U);
    EXPECT_EQ(columns_of("abc"), 3U);
    EXPECT_EQ(columns_of("\u00fc\u2026"), 2U);
    EXPECT_EQ(columns_of("\u6f22\u5b57"), 4U) << "wide";
    EXPECT_EQ(columns_of("e\u0301"), 1U) << "combining";
}

TEST(cut_to, ends_in_an_ellipsis_and_never_inside_a_character) {
    EXPECT_EQ(cut_to("abc", 3), "abc");
    EXPECT_EQ(cut_to("abcd", 3), "ab\u2026");
    EXPECT_EQ(cut_to("\u6f22\u5b57\u6f22", 4), "\u6f22\u2026");
    EXPECT_EQ(cut_to("abcd", 0), "");
}

TEST(wrapped, breaks_between_words_and_inside_long_ones) {
    using lines = std::vector<std::string>;
    EXPECT_EQ(wrapped("one two three", 8), (lines{"one two", "three"}));
    EXPECT_EQ(wrapped("one two three", 7), (lines{"one two", "three"}));
    EXPECT_EQ(wrapped("abcdefgh ij", 3), (lines{"abc", "def", "gh", "ij"}));
    EXPECT_EQ(wrapped("one two", 0), (lines{"one two"}));
    EXPECT_EQ(wrapped("", 5), (lines{""}));
    EXPECT_EQ(wrapped("\u6f22\u5b57", 1), (lines{"\u6f22", "\u5b57"})) << "ends, though nothing fits";
}

TEST(text_table, is_as_wide_as_it_needs_to_be_where_there_is_no_terminal) {
    text_table table({{"A"}, {"LONG", 4, 1}, {"C", 2, 2}});
    table.add({{"1"}, {std::string(300, 'x')}, {""}});
    table.add({{"22"}, {"y"}, {"z"}});
    EXPECT_EQ(table.text(nowhere), "A   LONG" + std::string(298, ' ') + "C\n1   " + std::string(300, 'x') + "\n22  y" +
                                       std::string(301, ' ') + "z\n");
}

TEST(text_table, fits_any_terminal_cutting_first_and_leaving_out_then) {
    text_table table({{"ID"}, {"NAME", 4, 1}, {"WHY", 5, 2}});
    table.add({{"12345678"}, {"a long name"}, {"a long reason"}});
    EXPECT_EQ(table.text(wide(80)), "ID        NAME         WHY\n12345678  a long name  a long reason\n");
    EXPECT_EQ(table.text(wide(30)), "ID        NAME       WHY\n12345678  a long n\u2026  a long \u2026\n");
    EXPECT_EQ(table.text(wide(22)), "ID        NAME  WHY\n12345678  a l\u2026  a lo\u2026\n");
    EXPECT_EQ(table.text(wide(21)), "ID        NAME\n12345678  a long na\u2026\n");
    EXPECT_EQ(table.text(wide(15)), "ID        NAME\n12345678  a l\u2026\n");
    EXPECT_EQ(table.text(wide(14)), "ID\n12345678\n") << "the last column of the terminal stays free";
    for (std::size_t columns = 9; columns < 80; ++columns)
        EXPECT_LT(widest(table.text(wide(columns))), columns);
}

TEST(text_table, lines_wide_characters_up) {
    text_table table({{"A", 4}, {"B"}});
    table.add({{"\u6f22\u5b57\u6f22\u5b57"}, {"b"}});
    EXPECT_EQ(table.text(nowhere), "A         B\n\u6f22\u5b57\u6f22\u5b57  b\n");
    EXPECT_EQ(table.text(wide(9)), "A      B\n\u6f22\u5b57\u2026  b\n");
}

TEST(text_table, shows_whatever_comes_harmlessly) {
    text_table table({{"A"}, {"B", 4}});
    table.add({{"a\nb\x1b[2J"}, {"\u202eevil\r"}});
    EXPECT_EQ(table.text(nowhere), "A            B\na\\nb\\x1b[2J  \\u202eevil\\r\n");
}

TEST(text_table, colours_only_where_there_is_colour) {
    text_table table({{"A"}, {"B"}});
    table.add({{"a", paint::red}, {""}});
    EXPECT_EQ(table.text(wide(80)), "A  B\na\n");
    EXPECT_EQ(table.text(in_colour), "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[31ma\x1b[0m\n");
}

constexpr wall_time noon{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + std::chrono::hours{12}};

TEST(event_list, tells_the_state_the_age_and_why) {
    const auto events = nlohmann::json::parse(R"([
        {"id": "1", "event": "A", "userId": "u", "state": "dead", "receivedAt": "2026-01-01T11:59:00.000Z",
         "attempts": 3, "reason": "rejected", "lastError": {"status": 422, "message": "no such user"}},
        {"id": "2", "event": "B", "userId": "u", "state": "pending", "receivedAt": "2025-12-25T12:00:00.000Z",
         "attempts": 1, "reason": null, "lastError": {"status": null, "message": "Connection refused"}},
        {"id": "3", "event": "C", "userId": "u", "state": "pending", "receivedAt": "?", "attempts": 0}, 5])");
    EXPECT_EQ(event_list(events, noon, nowhere),
              "ID  STATE    AGE  TRIES  EVENT  USER  WHY\n"
              "1   dead     60s  3      A      u     rejected 422: no such user\n"
              "2   pending  7d   1      B      u     Connection refused\n"
              "3   pending       0      C      u\n"
              "                  0\n");
    EXPECT_EQ(event_list(nlohmann::json::array(), noon, nowhere), "");
}

TEST(spoken_time, tells_how_far_away_it_is) {
    EXPECT_EQ(spoken_time("2026-01-01T11:57:00.000Z", noon), "2026-01-01T11:57:00.000Z (about 3 min ago)");
    EXPECT_EQ(spoken_time("2026-01-01T12:00:12.100Z", noon), "2026-01-01T12:00:12.100Z (in about 12 s)");
    EXPECT_EQ(spoken_time("2026-01-01T12:00:00.100Z", noon), "2026-01-01T12:00:00.100Z (now)");
    EXPECT_EQ(spoken_time("soon\x1b", noon), "soon\\x1b");
}

TEST(spoken_size, has_one_decimal_and_never_rounds_up) {
    EXPECT_EQ(spoken_size(0), "0 B");
    EXPECT_EQ(spoken_size(1023), "1023 B");
    EXPECT_EQ(spoken_size(1024), "1.0 KiB");
    EXPECT_EQ(spoken_size(8ULL << 30), "8.0 GiB");
    EXPECT_EQ(spoken_size((8ULL << 30) - 1), "7.9 GiB");
    EXPECT_EQ(spoken_size(~0ULL), "15.9 EiB");
}

}  // namespace
}  // namespace posthaste
