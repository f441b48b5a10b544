#include "lib/event/event_splitter.hpp"

#include <algorithm>
#include <utility>

namespace posthaste {
namespace {

constexpr std::string_view space = " \t\r\n";

// Where the string that begins at `from` ends: behind its last quote, or the text's end.
std::size_t end_of_string(std::string_view text, std::size_t from) noexcept {
    for (std::size_t at = from + 1; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1;
        if (text[at] == '\\') ++at;
    }
    return text.size();
}

// Where the element that begins at `from` ends: at the comma or bracket that follows it, or the text's end.
std::size_t end_of_element(std::string_view text, std::size_t from) noexcept {
    std::size_t depth = 0;
    for (std::size_t at = from; at < text.size();) {
        switch (text[at]) {
            case '"':
                at = end_of_string(text, at);
                continue;
            case '[':
            case '{':
                ++depth;
                break;
            case ']':
            case '}':
                if (depth == 0) return at;
                --depth;
                break;
            case ',':
                if (depth == 0) return at;
                break;
            default:
                break;
        }
        ++at;
    }
    return text.size();
}

}  // namespace

std::optional<event_splitter::piece> event_splitter::next() {
    if (fault_ || place_ == place::end) return std::nullopt;
    return form_ == form::array ? next_element() : next_line();
}

std::optional<event_splitter::piece> event_splitter::next_line() {
    if (at_ == text_.size()) {
        place_ = place::end;
        return std::nullopt;
    }
    const std::size_t from = at_;
    const std::size_t end = std::min(text_.find('\n', from), text_.size());
    at_ = std::min(end + 1, text_.size());
    const std::string_view line = text_.substr(from, end - from);
    if (const auto first = line.find_first_not_of(space); first != std::string_view::npos)
        return piece{line.substr(first, line.find_last_not_of(space) + 1 - first), from + first};
    if (text_.find_first_not_of(space, from) == std::string_view::npos) {
        place_ = place::end;
        return std::nullopt;
    }
    at_ = from;
    return fail("expected an event, found an empty line");
}

std::optional<event_splitter::piece> event_splitter::next_element() {
    skip_space();
    if (place_ == place::before) {
        if (!at('[')) return fail("expected \"[\", as a batch is an array of events");
        ++at_;
        skip_space();
        place_ = place::first_element;
    }
    if (place_ == place::behind_element) {
        if (at(',')) {
            ++at_;
            skip_space();
            place_ = place::element;
        } else if (!at(']')) {
            return fail("expected \",\" or \"]\" behind an event");
        }
    }
    if (at(']') && place_ != place::element) {
        ++at_;
        finish();
        return std::nullopt;
    }
    return take_element();
}

std::optional<event_splitter::piece> event_splitter::take_element() {
    const std::size_t from = at_;
    at_ = end_of_element(text_, from);
    const std::string_view raw = text_.substr(from, at_ - from);
    const std::size_t last = raw.find_last_not_of(space);
    if (last == std::string_view::npos) {
        at_ = from;
        return fail("expected an event");
    }
    place_ = place::behind_element;
    return piece{raw.substr(0, last + 1), from};
}

void event_splitter::finish() {
    skip_space();
    place_ = place::end;
    if (at_ < text_.size()) (void)fail("expected nothing behind the array");
}

std::optional<event_splitter::piece> event_splitter::fail(std::string what) {
    fault_ = fault{at_, std::move(what)};
    return std::nullopt;
}

void event_splitter::skip_space() noexcept {
    at_ = std::min(text_.find_first_not_of(space, at_), text_.size());
}

}  // namespace posthaste
