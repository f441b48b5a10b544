#include "daemon/commands/event_piece.hpp"

#include <algorithm>

#include "daemon/commands/interruption.hpp"

namespace posthaste {

std::size_t event_piece::fewer_than(std::size_t events) noexcept {
    std::size_t fewer = most_lines;
    while (fewer >= events)
        fewer /= 2;
    return fewer;
}

void event_piece::fill_from(line_source& lines, std::size_t most) {
    drop_first(events_);
    while (held_.size() < most && text_.size() <= most_bytes) {
        auto line = lines.next();
        if (!line) break;
        if (line->ends_with('\r')) line->remove_suffix(1);
        if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
        text_.append(*line).append(1, '\n');
        held_.push_back({lines.number(), text_.size()});
    }
    if (!lines.trouble().empty() || interruption::seen()) return drop_first(held_.size());
    events_ = std::min(held_.size(), most);
    while (events_ > 1 && end_of(events_) > most_bytes)
        --events_;
}

void event_piece::drop_first(std::size_t count) {
    const std::size_t bytes = end_of(count);
    text_.erase(0, bytes);
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
    for (held_line& each : held_)
        each.end -= bytes;
    events_ = 0;
}

std::uint64_t event_piece::line_number(std::size_t event) const {
    return held_.at(event < events_ ? event : 0).number;
}

std::string_view event_piece::line(std::size_t event) const {
    const std::size_t from = end_of(event);
    return std::string_view(text_).substr(from, end_of(event + 1) - 1 - from);
}

}  // namespace posthaste
