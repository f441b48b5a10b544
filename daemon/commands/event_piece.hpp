// The next lines of a file of events that go in one request: at most 1,000, and 4 MiB unless one line alone is longer.
//
// Which lines go together depends on the lines alone, never on when they come, so that the same file is always sent in
// the same pieces. Empty lines are passed over, and a carriage return before a line's end is none of it.

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

    // Empty where there are no more lines, or the source had to end before.
    void fill_from(line_source& lines);

    [[nodiscard]] bool empty() const noexcept { return numbers_.empty(); }
    [[nodiscard]] std::uint64_t events() const noexcept { return numbers_.size(); }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    // Of an event of this piece, counted from 0: its line's number in the file, and its line. The number of one that is
    // not there is that of the first.
    [[nodiscard]] std::uint64_t line_number(std::size_t event) const;
    [[nodiscard]] std::string_view line(std::size_t event) const;

  private:
    void add(std::string_view line, std::uint64_t number);

    std::string text_;
    std::vector<std::uint64_t> numbers_;
    std::string ahead_;  // a line that was read and had no more room
    std::uint64_t ahead_number_ = 0;
};

}  // namespace posthaste
