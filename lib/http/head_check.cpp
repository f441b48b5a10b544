#include "lib/http/head_check.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "lib/base/percent.hpp"
#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"
#include "lib/http/characters.hpp"

namespace posthaste {

namespace {

namespace cls = character_class;
using fault = std::optional<std::string_view>;  // a sentence's end; empty: fine

// How far `text` has valid characters, and each "%" followed by two hexadecimal digits.
std::size_t end_of_uri_text(std::string_view text, std::uint8_t characters) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_in(text[i], characters) && text[i] != '%') continue;
        if (text[i] != '%' || i + 2 >= text.size()) return i;
        if (!is_in(text[i + 1], cls::hex) || !is_in(text[i + 2], cls::hex)) return i;
        i += 2;
    }
    return text.size();
}

bool is_uri_text(std::string_view text, std::uint8_t characters) {
    return end_of_uri_text(text, characters) == text.size();
}

// What is wrong with a target in which `text`, not empty, begins where its valid characters end.
std::string fault_of_target_at(std::string_view text) {
    if (text.front() == '%')
        return "the request target has a \"%\" that is not followed by two hexadecimal digits (the character itself is "
               "%25)";
    const std::string_view character = text.substr(0, std::max<std::size_t>(decode_utf8(text).size, 1));
    return "the request target has a character that needs percent-encoding: " + printable(character) + " is " +
           percent_encoded(character);
}

bool is_scheme(std::string_view text) {
    if (text.empty() || !is_in(text[0], cls::token) || is_in(text[0], cls::digit)) return false;
    for (const char c : text)
        if (!is_in(c, cls::token) || std::string_view("!#$%&'*^_`|~").find(c) != std::string_view::npos) return false;
    return true;
}

// Takes a token off a field's value, and the spaces behind it.
std::string_view take_token(std::string_view& value) {
    std::size_t end = 0;
    while (end < value.size() && is_in(value[end], cls::token))
        ++end;
    const std::string_view token = value.substr(0, end);
    value = trim(value.substr(end));
    return token;
}

// The same with a quoted string (RFC 9110, section 5.6.4).
bool skip_quoted(std::string_view& value) {
    std::size_t at = 1;
    while (at < value.size() && value[at] != '"')
        at += value[at] == '\\' ? 2 : 1;
    if (at >= value.size()) return false;
    value = trim(value.substr(at + 1));
    return true;
}

// The same with the parameters of a transfer coding (RFC 9112, section 7), perhaps none.
bool skip_parameters(std::string_view& value) {
    while (value.starts_with(';')) {
        value = trim(value.substr(1));
        if (take_token(value).empty() || !value.starts_with('=')) return false;
        value = trim(value.substr(1));
        if (value.starts_with('"') ? !skip_quoted(value) : take_token(value).empty()) return false;
    }
    return true;
}

// Reads one head into a request_head, line by line. The scanner has seen to line ends and control characters.
class head_reader {
  public:
    head_reader(request_head& into, host_form form) : head_(into), host_form_(form) {}

    std::optional<problem> read(std::string_view bytes) {
        if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
        if (const fault wrong = request_line(next_line(bytes))) return malformed_head(*wrong);
        for (std::string_view line = next_line(bytes); !line.empty(); line = next_line(bytes))
            if (const fault wrong = field_line(line)) return malformed_head(*wrong);
        return whole();
    }

  private:
    static std::string_view next_line(std::string_view& bytes) {
        const std::size_t end = bytes.find('\r');
        const std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(end + 2);
        return line;
    }

    fault request_line(std::string_view line) {
        head_.minor_version = line.back() - '0';
        head_.keep_alive = head_.minor_version == 1;
        line.remove_suffix(std::string_view(" HTTP/1.x").size());
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos) return "the request line has no target";
        head_.method = line.substr(0, space);
        head_.target = line.substr(space + 1);
        if (!is_all_in(head_.method, cls::token)) return "the method is no token";
        return target();
    }

    fault target() {
        constexpr std::string_view wrong =
            "the request target is neither a path such as /run/event nor an absolute http URL";
        std::string_view rest = head_.target;
        if (!rest.starts_with('/')) {
            const std::size_t colon = rest.find("://");
            if (colon == std::string_view::npos || !is_scheme(rest.substr(0, colon))) return wrong;
            head_.scheme = rest.substr(0, colon);
            rest.remove_prefix(colon + 3);
            head_.authority = rest.substr(0, rest.find_first_of("/?"));
            if (head_.authority.empty() || !is_uri_text(head_.authority, cls::authority)) return wrong;
            rest.remove_prefix(head_.authority.size());
        }
        if (const std::size_t end = end_of_uri_text(rest, cls::target); end < rest.size())
            return target_fault_ = fault_of_target_at(rest.substr(end));
        const std::size_t mark = rest.find('?');
        head_.path = rest.substr(0, mark);
        if (head_.path.empty()) head_.path = "/";
        if (mark != std::string_view::npos) head_.query = rest.substr(mark + 1);
        return {};
    }

    fault field_line(std::string_view line) {
        if (line[0] == ' ' || line[0] == '\t') return "a header is folded over two lines (obs-fold)";
        std::size_t colon = 0;
        while (colon < line.size() && is_in(line[colon], cls::token))
            ++colon;
        if (colon == 0) return "a header has no name";
        if (colon == line.size()) return "a header line has no colon";
        if (line[colon] == ' ' || line[colon] == '\t') return "there is a space before the colon of a header";
        if (line[colon] != ':') return "a header's name is no token";
        const header_field field{line.substr(0, colon), trim(line.substr(colon + 1))};
        if (field.value.find('\x7f') != std::string_view::npos) return "there is a control character in the head";
        head_.fields.push_back(field);
        return known_field(field);
    }

    fault known_field(const header_field& field) {
        switch (field.name.size()) {
            case 4:
                if (equals_ignoring_case(field.name, "host")) return host(field.value);
                break;
            case 6:
                if (equals_ignoring_case(field.name, "expect"))
                    head_.expect_continue = equals_ignoring_case(field.value, "100-continue");
                break;
            case 10:
                if (equals_ignoring_case(field.name, "connection")) connection(field.value);
                break;
            case 14:
                if (equals_ignoring_case(field.name, "content-length")) return content_length(field.value);
                break;
            case 17:
                if (equals_ignoring_case(field.name, "transfer-encoding")) return transfer_encoding(field.value);
                break;
            default:
                break;
        }
        return {};
    }

    fault host(std::string_view value) {
        if (host_seen_) return "there are two Host headers";
        host_seen_ = true;
        head_.host = value;
        if (host_form_ == host_form::name && !is_uri_text(value, cls::authority))
            return "the Host header has characters that no host has";
        return {};
    }

    void connection(std::string_view value) {
        for (std::size_t from = 0; from <= value.size();) {
            const std::size_t comma = std::min(value.find(',', from), value.size());
            const std::string_view option = trim(value.substr(from, comma - from));
            if (equals_ignoring_case(option, "close")) close_asked_ = true;
            if (equals_ignoring_case(option, "keep-alive")) head_.keep_alive = true;
            from = comma + 1;
        }
    }

    fault content_length(std::string_view value) {
        if (head_.content_length) return "there is more than one Content-Length";
        if (!is_all_in(value, cls::digit)) return "the Content-Length is not one plain decimal number";
        std::uint64_t length = 0;
        const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
        if (read.ec != std::errc{}) length = std::numeric_limits<std::uint64_t>::max();  // over every limit
        head_.content_length = length;
        return {};
    }

    // All Transfer-Encoding fields are one list.
    fault transfer_encoding(std::string_view list) {
        for (bool more = true; more;) {
            const std::string_view coding = take_token(list);
            const bool parameters = list.starts_with(';');
            if (coding.empty() || !skip_parameters(list)) return "the Transfer-Encoding is no list of codings";
            if (const fault wrong = transfer_coding(coding, parameters)) return wrong;
            more = list.starts_with(',');
            if (!more && !list.empty()) return "the Transfer-Encoding is no list of codings";
            if (more) list = trim(list.substr(1));
        }
        return {};
    }

    fault transfer_coding(std::string_view coding, bool parameters) {
        const bool chunked = equals_ignoring_case(coding, "chunked");
        if (head_.chunked) return chunked ? "the body is chunked twice" : "chunked is not the last transfer coding";
        if (chunked && parameters) return "chunked has parameters";
        head_.chunked = chunked;
        unknown_coding_ = unknown_coding_ || !chunked;
        return {};
    }

    // What only the whole head shows.
    std::optional<problem> whole() {
        const bool coded = head_.chunked || unknown_coding_;
        if (!host_seen_) return malformed_head("there is no Host header");
        if (coded && head_.content_length)
            return malformed_head("it has both a Content-Length and a Transfer-Encoding (send one of them)");
        if (coded && head_.minor_version == 0) return malformed_head("HTTP/1.0 has no Transfer-Encoding");
        if (unknown_coding_)
            return problem{.status = 501,
                           .name = "unsupported-transfer-coding",
                           .detail =
                               "The body has a Transfer-Encoding other than chunked. Send it with a "
                               "Content-Length or chunked.",
                           .close = true};
        if (close_asked_) head_.keep_alive = false;
        if (head_.minor_version == 0) head_.expect_continue = false;
        return {};
    }

    request_head& head_;
    host_form host_form_;
    std::string target_fault_;  // keeps what is told of it
    bool host_seen_ = false;
    bool close_asked_ = false;
    bool unknown_coding_ = false;
};

}  // namespace

std::string_view request_head::field(std::string_view name) const noexcept {
    for (const header_field& each : fields)
        if (equals_ignoring_case(each.name, name)) return each.value;
    return {};
}

problem malformed_head(std::string_view fault) {
    return {.status = 400,
            .name = "malformed-request",
            .detail = "The request is not well-formed HTTP/1.1: " + std::string(fault) + ".",
            .close = true};
}

problem head_too_large() {
    return {.status = 431,
            .name = "head-too-large",
            .detail = "The request line and headers are over 16 KiB. Send fewer or shorter headers.",
            .close = true};
}

std::optional<problem> check_scanned_head(std::string_view head, request_head& into, host_form form) {
    std::vector<header_field> fields = std::move(into.fields);
    fields.clear();
    into = {};
    into.fields = std::move(fields);
    return head_reader(into, form).read(head);
}

}  // namespace posthaste
