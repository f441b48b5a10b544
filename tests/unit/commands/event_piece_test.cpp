// The lines of a file, and how they are put together into requests.

#include "daemon/commands/event_piece.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/commands/refused_lines.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct lines_of_a_file : testing::Test {
    line_source source(const std::string& text) {
        auto opened = line_source::open(folder.write("lines", text));
        EXPECT_TRUE(opened);
        return *std::move(opened);
    }

    const temp_folder folder;
};

TEST_F(lines_of_a_file, are_given_one_by_one_with_their_numbers) {
    auto lines = source("one\n\nthree\r\nlast, without an end");
    EXPECT_EQ(lines.count_ahead(), 4U);
    std::vector<std::string> found;
    while (const auto line = lines.next())
        found.push_back(std::to_string(lines.number()) + " " + std::string(*line));
    EXPECT_THAT(found, ElementsAre("1 one", "2 ", "3 three\r", "4 last, without an end"));
    EXPECT_EQ(lines.trouble(), "");
    EXPECT_FALSE(lines.next());
    EXPECT_EQ(source("").count_ahead(), 0U);
    EXPECT_FALSE(source("").next());
}

TEST_F(lines_of_a_file, may_be_longer_than_what_is_read_at_once) {
    const std::string text(1'000'000, 'x');
    auto lines = source(text + "\n" + text + "y\nz\n");
    EXPECT_EQ(lines.count_ahead(), 3U);
    EXPECT_EQ(lines.next(), text);
    EXPECT_EQ(lines.next(), text + "y");
    EXPECT_EQ(lines.next(), "z");
    EXPECT_FALSE(lines.next());
}

TEST_F(lines_of_a_file, end_with_trouble_where_one_is_far_too_long) {
    auto lines = source("{}\n" + std::string(line_source::longest_line + 1'000'000, 'x'));
    EXPECT_EQ(lines.next(), "{}");
    EXPECT_FALSE(lines.next());
    EXPECT_EQ(lines.trouble(), (folder / "lines") + ":2: the line is longer than 64 MiB");
}

TEST_F(lines_of_a_file, are_none_where_it_cannot_be_read) {
    const auto missing = line_source::open(folder / "missing");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, exit_code::usage);
    EXPECT_EQ(missing.error().message, (folder / "missing") + " cannot be read: No such file or directory");
    const auto no_file = line_source::open(folder.path().string());
    ASSERT_FALSE(no_file);
    EXPECT_THAT(no_file.error().message, HasSubstr("Is a directory"));
}

using event_pieces = lines_of_a_file;

TEST_F(event_pieces, hold_a_thousand_lines_less_the_empty_ones) {
    std::string text = "\n \r\n";
    for (int n = 0; n < 1001; ++n)
        text += "{" + std::to_string(n) + "}\r\n";
    auto lines = source(text + "\n");
    event_piece piece;
    piece.fill_from(lines);
    EXPECT_EQ(piece.events(), 1000U);
    EXPECT_EQ(piece.text().substr(0, 8), "{0}\n{1}\n");
    EXPECT_EQ(piece.line(999), "{999}");
    EXPECT_EQ(piece.line_number(999), 1002U);
    piece.fill_from(lines);
    EXPECT_EQ(piece.text(), "{1000}\n");
    EXPECT_EQ(piece.line_number(0), 1003U);
    piece.fill_from(lines);
    EXPECT_TRUE(piece.empty());
}

TEST_F(event_pieces, hold_four_mebibytes_or_one_longer_line) {
    const std::string quarter(event_piece::most_bytes / 4 - 1, 'q');
    const std::string huge(event_piece::most_bytes + 5, 'h');
    auto lines = source(quarter + "\n" + quarter + "\n" + quarter + "\n" + quarter + "\na\n" + huge + "\nb\n");
    event_piece piece;
    std::vector<std::size_t> sizes;
    std::vector<std::uint64_t> first_lines;
    for (piece.fill_from(lines); !piece.empty(); piece.fill_from(lines)) {
        sizes.push_back(piece.text().size());
        first_lines.push_back(piece.line_number(0));
    }
    EXPECT_THAT(sizes, ElementsAre(event_piece::most_bytes, 2, huge.size() + 1, 2));
    EXPECT_THAT(first_lines, ElementsAre(1, 5, 6, 7));
}

TEST_F(event_pieces, are_cut_down_to_the_same_numbers_whatever_was_refused) {
    EXPECT_EQ(event_piece::fewer_than(1000), 500U);
    EXPECT_EQ(event_piece::fewer_than(999), 500U);
    EXPECT_EQ(event_piece::fewer_than(501), 500U);
    EXPECT_EQ(event_piece::fewer_than(500), 250U);
    EXPECT_EQ(event_piece::fewer_than(125), 62U);
    EXPECT_EQ(event_piece::fewer_than(3), 1U);
    EXPECT_EQ(event_piece::fewer_than(2), 1U);
}

TEST_F(event_pieces, begin_with_what_was_cut_off_the_one_before) {
    auto lines = source("a\n\nb\nc\n\nd\ne\nf\n");
    event_piece piece;
    piece.fill_from(lines, 4);
    EXPECT_EQ(piece.text(), "a\nb\nc\nd\n");
    piece.keep_first(3);
    piece.keep_first(1);
    EXPECT_EQ(piece.text(), "a\n");
    EXPECT_EQ(piece.line_number(3), 1U) << "one that is not there";
    piece.fill_from(lines, 2);
    EXPECT_EQ(piece.text(), "b\nc\n") << "though three are read";
    EXPECT_EQ(piece.line(1), "c");
    EXPECT_EQ(piece.line_number(1), 4U);
    piece.fill_from(lines);
    EXPECT_EQ(piece.text(), "d\ne\nf\n");
    EXPECT_EQ(piece.line_number(0), 6U);
    piece.fill_from(lines);
    EXPECT_TRUE(piece.empty());
    EXPECT_EQ(piece.text(), "");
}

TEST_F(event_pieces, hold_no_more_than_four_mebibytes_of_what_was_cut_off) {
    const std::string third(event_piece::most_bytes / 3 - 1, 't');
    const std::string huge(event_piece::most_bytes + 5, 'h');
    auto lines = source(third + "\n" + third + "\n" + third + "\n" + huge + "\n" + third + "\n");
    event_piece piece;
    piece.fill_from(lines);
    EXPECT_EQ(piece.events(), 3U);
    piece.keep_first(1);
    std::vector<std::size_t> counts;
    for (piece.fill_from(lines); !piece.empty(); piece.fill_from(lines))
        counts.push_back(piece.events());
    EXPECT_THAT(counts, ElementsAre(2, 1, 1));
}

TEST_F(event_pieces, tell_the_places_of_what_the_daemon_refused) {
    auto lines = source("{}\n\n{\"a\": }\n");
    event_piece piece;
    piece.fill_from(lines);
    const std::string file = folder / "lines";
    const auto told = [&](const std::string& body) { return refused_lines({422, body}, piece, lines); };
    EXPECT_THAT(told(R"({"errors": [{"pointer": "/1/data/x", "detail": "is \u001b missing"},
                                    {"pointer": "/0", "detail": "is no object"}, {"pointer": "/2/event", "detail": "-"},
                                    {"pointer": "", "detail": "-"}, {"pointer": "/x/event", "detail": "-"}, 5]})"),
                ElementsAre(file + ":3: /data/x is \\x1b missing", file + ":1: is no object"));
    EXPECT_THAT(told(R"({"type": "urn:posthaste:problem:malformed-json", "line": 2})"),
                ElementsAre(testing::MatchesRegex(file + ":3:[0-9]+: malformed JSON: .+")));
    EXPECT_THAT(told(R"({"type": "urn:posthaste:problem:malformed-json", "line": 0})"), ElementsAre());
    EXPECT_THAT(told(R"({"type": "urn:posthaste:problem:idempotency-key-reused"})"), ElementsAre());
    EXPECT_THAT(told("no JSON"), ElementsAre());
}

}  // namespace
}  // namespace posthaste
