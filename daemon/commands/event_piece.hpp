// The next lines of a file of events that go in one request: at most 1,000, and 4 MiB unless one line alone is longer.
//
// Which lines go together depends on the lines alone, never on when they come, so that the same file is always sent in
// the same pieces. Where the daemon does not take so many, a piece is cut down to fewer_than() what was refused: always
// the same few numbers, so that another run finds out how many it took (send_many.cpp). What is cut off begins the next
// piece. Empty lines are passed over, and a carriage return before a line's end is none of it.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/commands/line_source.hpp"

namespace posthaste {

class event_piece {
  public:
    static constexpr std::size_t most_lines = 1000;
    static constexpr std::size_t most_bytes = 4 * 1024 * 1024;

    // The largest of 1000, 500, 250 … 3, 1 that is less. `events` is over 1.
    [[nodiscard]] static std::size_t fewer_than(std::size_t events) noexcept;

    // What follows the piece that was, `most` lines of it, from 1 to most_lines. Empty where there are no more lines,
    // or the source had to end before.
    void fill_from(line_source& lines, std::size_t most = most_lines);
    // The others are those of the next piece. `events` is from 1 to those that there are.
    void keep_first(std::size_t events) noexcept { events_ = events; }

    [[nodiscard]] bool empty() const noexcept { return events_ == 0; }
    [[nodiscard]] std::size_t events() const noexcept { return events_; }
    [[nodiscard]] std::string_view text() const noexcept { return std::string_view(text_).substr(0, end_of(events_)); }
    // Of an event of this piece, counted from 0: its line's number in the file, and its line. The number of one that is
    // not there is that of the first.
    [[nodiscard]] std::uint64_t line_number(std::size_t event) const;
    [[nodiscard]] std::string_view line(std::size_t event) const;

  private:
    struct held_line {
        std::uint64_t number = 0;
        std::size_t end = 0;  // in the text, behind its line feed
    };

    // Of so many lines.
    [[nodiscard]] std::size_t end_of(std::size_t count) const noexcept { return count == 0 ? 0 : held_[count - 1].end; }
    void drop_first(std::size_t count);

    std::string text_;
    std::vector<held_line> held_;  // this piece's, and behind them those that were read and had no more room
    std::size_t events_ = 0;       // so many of them are this piece
};

}  // namespace posthaste
