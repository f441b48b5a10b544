#include "daemon/commands/event_piece.hpp"

#include "daemon/commands/interruption.hpp"

namespace posthaste {

void event_piece::fill_from(line_source& lines) {
    text_.clear();
    numbers_.clear();
    if (ahead_number_ > 0) add(ahead_, ahead_number_);
    ahead_number_ = 0;
    while (numbers_.size() < most_lines) {
        auto line = lines.next();
        if (!line) break;
        if (line->ends_with('\r')) line->remove_suffix(1);
        if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
        if (!empty() && text_.size() + line->size() + 1 > most_bytes) {
            ahead_ = *line;
            ahead_number_ = lines.number();
            return;
        }
        add(*line, lines.number());
    }
    if (lines.trouble().empty() && !interruption::seen()) return;
    text_.clear();
    numbers_.clear();
}

void event_piece::add(std::string_view line, std::uint64_t number) {
    text_.append(line).append(1, '\n');
    numbers_.push_back(number);
}

std::uint64_t event_piece::line_number(std::size_t event) const {
    return numbers_.at(event < numbers_.size() ? event : 0);
}

std::string_view event_piece::line(std::size_t event) const {
    std::size_t from = 0;
    for (; event > 0; --event)
        from = text_.find('\n', from) + 1;
    return std::string_view(text_).substr(from, text_.find('\n', from) - from);
}

}  // namespace posthaste
