#include "lib/http/chunked_body.hpp"

#include <algorithm>

#include "lib/http/characters.hpp"

namespace posthaste {

namespace {

std::uint64_t hex_value(char c) {
    if (c <= '9') return static_cast<std::uint64_t>(c - '0');
    return static_cast<std::uint64_t>((c | 0x20) - 'a' + 10);
}

}  // namespace

chunked_body::state chunked_body::malformed(std::string_view why) {
    fault_ = why;
    return state::malformed;
}

chunked_body::state chunked_body::decode(std::string_view bytes, std::string& body) {
    used_ = 0;
    while (used_ < bytes.size()) {
        if (part_ == part::data) {
            const std::size_t here = std::min<std::uint64_t>(left_, bytes.size() - used_);
            body.append(bytes.data() + used_, here);
            used_ += here;
            left_ -= here;
            if (left_ == 0) part_ = part::data_cr;
            continue;
        }
        if (const state now = read(bytes[used_++]); now != state::incomplete) return now;
    }
    return state::incomplete;
}

chunked_body::state chunked_body::read(char c) {
    constexpr std::string_view bad_end = "a chunk's data does not end with CR LF where its size says";
    if (part_ < part::header_end && c != '\r' && ++header_bytes_ > max_chunk_header_bytes)
        return malformed("a chunk header is over 256 bytes");
    switch (part_) {
        case part::size:
            return size_byte(c);
        case part::extension:
            if (c == '\r')
                part_ = part::header_end;
            else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f')
                return malformed("there is a control character in a chunk header");
            return state::incomplete;
        case part::header_end:
            if (c != '\n') return malformed("there is a bare CR in a chunk header");
            return header_complete();
        case part::data_cr:
            if (c != '\r') return malformed(bad_end);
            part_ = part::data_lf;
            return state::incomplete;
        case part::data_lf:
            if (c != '\n') return malformed(bad_end);
            part_ = part::size;
            header_bytes_ = digits_ = 0;
            return state::incomplete;
        case part::last_cr:
            if (c != '\r') return malformed("there are trailers behind the last chunk (they are not accepted)");
            part_ = part::last_lf;
            return state::incomplete;
        case part::last_lf:
            if (c != '\n') return malformed("there is a bare CR behind the last chunk");
            return state::complete;
        case part::data:
            break;
    }
    return state::incomplete;
}

chunked_body::state chunked_body::size_byte(char c) {
    if (is_in(c, character_class::hex)) {
        if (++digits_ > 16) return malformed("a chunk size has more than 16 digits");
        left_ = left_ * 16 + hex_value(c);
        return state::incomplete;
    }
    if (digits_ == 0) return malformed("a chunk does not begin with its size in hexadecimal digits");
    if (c == ';')
        part_ = part::extension;
    else if (c == '\r')
        part_ = part::header_end;
    else
        return malformed("a chunk size is followed by something that is neither CR LF nor \";\"");
    return state::incomplete;
}

chunked_body::state chunked_body::header_complete() {
    if (left_ == 0) {
        part_ = part::last_cr;
        return state::incomplete;
    }
    if (left_ > limit_ - total_) return state::too_large;
    total_ += left_;
    part_ = part::data;
    return state::incomplete;
}

}  // namespace posthaste
