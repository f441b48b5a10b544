#include "daemon/commands/text_table.hpp"

#include <algorithm>

#include "daemon/commands/text_columns.hpp"
#include "lib/base/require.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t longest_cell = 2048;  // a name of 256 bytes, each of them escaped, fits

std::size_t total(const auto& columns) {
    std::size_t sum = gap * (columns.size() - 1);
    for (const auto& each : columns)
        sum += each.width;
    return sum;
}

// Nothing is padded behind the last cell, so that no line ends in spaces.
void append_cell(std::string& line, const text_table::cell& cell, std::size_t width, bool last, const screen& on) {
    const std::string text = cut_to(cell.text, width);
    line += painted(text, cell.colour, on);
    if (!last) line.append(width - columns_of(text) + gap, ' ');
}

}  // namespace

text_table::text_table(std::vector<column> columns) : columns_(std::move(columns)) {
    for (const auto& each : columns_)
        natural_.push_back(columns_of(each.title));
}

void text_table::add(std::vector<cell> row) {
    REQUIRE(row.size() == columns_.size(), "a cell for each column");
    for (std::size_t at = 0; at < row.size(); ++at) {
        row[at].text = printable(row[at].text, longest_cell);
        natural_[at] = std::max(natural_[at], columns_of(row[at].text));
    }
    rows_.push_back(std::move(row));
}

std::size_t text_table::least_of(std::size_t index) const {
    const auto& [title, least, dispensability] = columns_[index];
    return least == 0 ? natural_[index] : std::min(natural_[index], std::max(least, columns_of(title)));
}

void text_table::leave_out(std::vector<placed>& columns, std::size_t available) const {
    const auto dispensability = [&](const placed& each) { return columns_[each.index].dispensability; };
    while (total(columns) > available) {
        const auto first = std::ranges::max_element(columns, {}, dispensability);
        if (dispensability(*first) == 0) return;
        columns.erase(first);
    }
}

// What is left over goes to the narrowest column that lacks something, a column of the terminal at a time.
void text_table::widen(std::vector<placed>& columns, std::size_t available) const {
    for (std::size_t used = total(columns); used < available; ++used) {
        placed* narrowest = nullptr;
        for (placed& each : columns)
            if (each.width < natural_[each.index] && (narrowest == nullptr || each.width < narrowest->width))
                narrowest = &each;
        if (narrowest == nullptr) return;
        ++narrowest->width;
    }
}

std::vector<text_table::placed> text_table::layout(const screen& on) const {
    std::vector<placed> columns;
    for (std::size_t at = 0; at < columns_.size(); ++at)
        columns.push_back({at, on.columns == 0 ? natural_[at] : least_of(at)});
    if (on.columns == 0) return columns;
    const std::size_t available = on.columns - 1;  // some terminals go on to the next line when the last one is written
    leave_out(columns, available);
    widen(columns, available);
    return columns;
}

std::string text_table::text(const screen& on) const {
    const auto shown = layout(on);
    std::string out;
    const auto append_row = [&](const std::vector<cell>& row) {
        std::string line;
        for (const auto& [index, width] : shown)
            append_cell(line, row[index], width, index == shown.back().index, on);
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    };
    std::vector<cell> titles;
    for (const auto& each : columns_)
        titles.push_back({each.title, paint::bold});
    append_row(titles);
    for (const auto& row : rows_)
        append_row(row);
    return out;
}

}  // namespace posthaste
