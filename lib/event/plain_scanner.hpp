// Reads JSON that is plainly well-formed, and hands its parts on as they come: three times as quick as the parser, with
// which it shares the handler.
//
// It takes a part of RFC 8259 and nothing beyond: escapes in names, numbers with an exponent and those of more than 300
// digits are none of its business, nor is saying what is wrong. Where it gives up, the parser reads the text from its
// beginning and judges. So all that it must be is sound: what it reads to the end is well-formed, and what it hands on
// is what the parser would.
//
// The handler gets null(), boolean(bool), number(bool whole), text(bytes, escaped), start_object(), name(bytes),
// end_object(), start_array() and end_array(); those but the first three return false to give up. Text is given as it
// stands there: where it has escapes, undecoded. `position` stands behind what is handed on. Nesting is bounded by the
// handler, which must give up before the stack does. Pure; one thread.

#pragma once

#include <cstddef>
#include <string_view>

namespace posthaste {

struct plain_string {
    std::string_view bytes;  // between the quotes
    bool escaped = false;
    const char* end = nullptr;  // behind the closing quote; null: this is no string that is plainly well-formed
};

// The string whose opening quote is at `from`.
[[nodiscard]] plain_string scan_plain_string(const char* from, const char* end) noexcept;

struct plain_number {
    bool whole = true;
    const char* end = nullptr;  // null: none that is plainly well-formed
};

// The number whose first byte is at `from`; what may follow it there is not looked at.
[[nodiscard]] plain_number scan_plain_number(const char* from, const char* end) noexcept;

template <class Handler>
class plain_scanner {
  public:
    // All must outlive this.
    plain_scanner(std::string_view text, const char*& position, Handler& handler) noexcept
        : at_(position), end_(text.data() + text.size()), to_(handler) {
        at_ = text.data();
    }

    // One value, with nothing but space around it.
    [[nodiscard]] bool read() {
        if (!value()) return false;
        skip_space();
        return at_ == end_;
    }

  private:
    void skip_space() noexcept {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
            ++at_;
    }

    [[nodiscard]] bool take(char expected) noexcept {
        skip_space();
        if (at_ == end_ || *at_ != expected) return false;
        ++at_;
        return true;
    }

    [[nodiscard]] bool take_word(std::string_view word) noexcept {
        if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    [[nodiscard]] bool value() {
        skip_space();
        if (at_ == end_) return false;
        switch (*at_) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return text();
            case 't':
                return take_word("true") && (to_.boolean(true), true);
            case 'f':
                return take_word("false") && (to_.boolean(false), true);
            case 'n':
                return take_word("null") && (to_.null(), true);
            default:
                return number();
        }
    }

    [[nodiscard]] bool text() {
        const plain_string found = scan_plain_string(at_, end_);
        if (found.end == nullptr) return false;
        at_ = found.end;
        return to_.text(found.bytes, found.escaped);
    }

    [[nodiscard]] bool number() {
        const plain_number found = scan_plain_number(at_, end_);
        if (found.end == nullptr) return false;
        at_ = found.end;
        to_.number(found.whole);
        return true;
    }

    [[nodiscard]] bool name() {
        skip_space();
        if (at_ == end_ || *at_ != '"') return false;
        const plain_string found = scan_plain_string(at_, end_);
        if (found.end == nullptr || found.escaped) return false;
        at_ = found.end;
        return to_.name(found.bytes) && take(':');
    }

    [[nodiscard]] bool object() {
        ++at_;
        if (!to_.start_object()) return false;
        if (take('}')) return to_.end_object();
        do {
            if (!name() || !value()) return false;
        } while (take(','));
        return take('}') && to_.end_object();
    }

    [[nodiscard]] bool array() {
        ++at_;
        if (!to_.start_array()) return false;
        if (take(']')) return to_.end_array();
        do {
            if (!value()) return false;
        } while (take(','));
        return take(']') && to_.end_array();
    }

    const char*& at_;
    const char* const end_;
    Handler& to_;
};

}  // namespace posthaste
