// A table for people: as wide as it needs to be, or as the terminal is.
//
// Cells may hold anything: they are made printable here. Where the terminal is too narrow, columns that may be cut are
// cut, down to their least width, and where that is not enough the least needed columns are left out.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/commands/terminal.hpp"

namespace posthaste {

class text_table {
  public:
    struct column {
        std::string title;
        std::size_t least = 0;   // it may be cut down to so many columns; 0: it is not cut
        int dispensability = 0;  // the one with the largest goes first; 0: it always stays
    };
    struct cell {
        std::string text;
        paint colour = paint::none;
    };

    explicit text_table(std::vector<column> columns);

    // As many cells as there are columns.
    void add(std::vector<cell> row);
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    // The titles and the rows, each line with its end.
    [[nodiscard]] std::string text(const screen& on) const;

  private:
    struct placed {
        std::size_t index = 0;
        std::size_t width = 0;
    };

    // The columns that are shown, from left to right.
    [[nodiscard]] std::vector<placed> layout(const screen& on) const;
    void leave_out(std::vector<placed>& columns, std::size_t available) const;
    void widen(std::vector<placed>& columns, std::size_t available) const;
    [[nodiscard]] std::size_t least_of(std::size_t index) const;

    std::vector<column> columns_;
    std::vector<std::size_t> natural_;
    std::vector<std::vector<cell>> rows_;
};

}  // namespace posthaste
