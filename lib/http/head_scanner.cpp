#include <bit>
#include <cstring>

#include "lib/http/characters.hpp"
#include "lib/http/head_check.hpp"

namespace posthaste {

namespace {

// The first byte below 0x20 at or behind `from`, else the end. Eight bytes at a time: this runs over every request.
std::size_t next_control(std::string_view bytes, std::size_t from) {
    constexpr std::uint64_t each = 0x0101010101010101;
    for (; from + 8 <= bytes.size(); from += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + from, 8);
        if (((word - each * 0x20) & ~word & (each * 0x80)) != 0) break;
    }
    while (from < bytes.size() && static_cast<unsigned char>(bytes[from]) >= 0x20)
        ++from;
    return from;
}

bool ends_with_version(std::string_view line) {
    return line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0");
}

}  // namespace

head_scanner::state head_scanner::malformed(std::string_view why) {
    fault_ = why;
    return state::malformed;
}

head_scanner::state head_scanner::end_of_line(std::string_view bytes) {
    const std::string_view line = bytes.substr(line_start_, scanned_ - line_start_);
    line_start_ = scanned_ += 2;
    if (!line.empty()) {
        if (!request_line_seen_ && !ends_with_version(line))
            return malformed("the request line does not end with \" HTTP/1.1\" or \" HTTP/1.0\"");
        request_line_seen_ = true;
        return state::incomplete;
    }
    if (request_line_seen_) {
        size_ = scanned_;
        return size_ > max_head_bytes ? state::too_large : state::complete;
    }
    if (empty_line_skipped_) return malformed("the request begins with more than one empty line");
    empty_line_skipped_ = true;
    return state::incomplete;
}

head_scanner::state head_scanner::scan(std::string_view bytes) {
    bytes = bytes.substr(0, max_head_bytes);
    while (scanned_ < bytes.size()) {
        if (!request_line_seen_ && scanned_ == line_start_ && bytes[scanned_] != '\r' &&
            !is_in(bytes[scanned_], character_class::token))
            return malformed("it does not begin with a method (is this TLS? posthaste listens on plain http)");
        scanned_ = next_control(bytes, scanned_);
        if (scanned_ == bytes.size()) break;
        switch (bytes[scanned_]) {
            case '\t':
                ++scanned_;
                continue;
            case '\r':
                break;
            case '\n':
                return malformed("a line in the head ends with a bare LF (end lines with CR LF)");
            case '\0':
                return malformed("there is a NUL byte in the head");
            default:
                return malformed("there is a control character in the head");
        }
        if (scanned_ + 1 == bytes.size()) break;  // the LF is still to come
        if (bytes[scanned_ + 1] != '\n') return malformed("there is a bare CR in the head");
        if (const state now = end_of_line(bytes); now != state::incomplete) return now;
    }
    return bytes.size() == max_head_bytes ? state::too_large : state::incomplete;
}

}  // namespace posthaste
