#include "lib/base/json_fault.hpp"

#include <algorithm>

#include "lib/base/utf8.hpp"

namespace posthaste {

namespace {

constexpr std::size_t nowhere = std::string_view::npos;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What numbers, true, false and null are made of.
bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
           c == '.' || c == '_';
}

// The bytes that the escape at `backslash` takes; a high surrogate takes the escape that must follow it.
std::size_t escape_size(std::string_view text, std::size_t backslash) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
    if (byte(backslash + 1) != 'u') return 2;
    const char first = byte(backslash + 2);
    const char second = byte(backslash + 3);
    const bool high_surrogate = (first == 'd' || first == 'D') && ((second >= '8' && second <= '9') || second == 'a' ||
                                                                   second == 'A' || second == 'b' || second == 'B');
    return high_surrogate ? 12 : 6;
}

// What surrounds one byte of a text: everything before it is known to be well-formed.
class surroundings {
  public:
    // `offset` may be the text's size.
    surroundings(std::string_view text, std::size_t offset, bool comments)
        : text_(text), offset_(offset), comments_(comments) {
        std::size_t at = 0;
        while (at < offset && string == nowhere && !in_comment)
            at = step(at);
        nothing_before = last_ == '\0';
        if (string == nowhere && !in_comment && at < text.size()) begin_token(at);
    }

    std::size_t token = 0;         // where the byte's token begins
    char before = '\0';            // the last byte of the token before that one
    std::size_t string = nowhere;  // the opening quote of the string that the byte is in, closing quote included
    std::size_t escape = nowhere;  // the backslash of the escape that the byte is in
    bool in_comment = false;
    bool nothing_before = false;  // but spaces and comments
    std::string open;             // the brackets that are open

  private:
    std::size_t step(std::size_t at) {
        const char c = text_[at];
        if (is_space(c)) return at + 1;
        if (comments_ && c == '/' && begins_comment(at)) return skip_comment(at);
        begin_token(at);
        if (c == '"') return skip_string(at);
        if (c == '{' || c == '[') open += c;
        if ((c == '}' || c == ']') && !open.empty()) open.pop_back();
        return at + 1;
    }

    void begin_token(std::size_t at) {
        const bool goes_on = at > 0 && token == word_ && word_end_ == at && is_word(text_[at]);
        if (!goes_on) {
            before = last_;
            token = at;
            word_ = is_word(text_[at]) ? at : nowhere;
        }
        word_end_ = at + 1;
        last_ = text_[at];
    }

    bool begins_comment(std::size_t at) const {
        return at + 1 < text_.size() && (text_[at + 1] == '/' || text_[at + 1] == '*');
    }

    std::size_t skip_comment(std::size_t at) {
        const bool line = text_[at + 1] == '/';
        const std::size_t end = line ? text_.find_first_of("\r\n", at) : text_.find("*/", at + 2);
        if (end == nowhere || end >= offset_) {
            in_comment = true;
            return offset_;
        }
        return line ? end : end + 2;
    }

    std::size_t skip_string(std::size_t opening) {
        std::size_t at = opening + 1;
        while (at < offset_ && text_[at] != '"') {
            const std::size_t size = text_[at] == '\\' ? escape_size(text_, at) : 1;
            if (size > 1 && at + size > offset_) {
                escape = at;
                at = offset_;
            } else {
                at += size;
            }
        }
        if (at < offset_) return at + 1;
        string = opening;
        return offset_;
    }

    std::string_view text_;
    std::size_t offset_;
    bool comments_;
    char last_ = '\0';
    std::size_t word_ = nowhere;  // where the word under way began
    std::size_t word_end_ = 0;
};

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = decode_utf8(text).size;
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string explain_end(const surroundings& around) {
    if (around.in_comment) return "the text ends inside a comment";
    if (around.string != nowhere) return "the text ends inside a string";
    if (!around.open.empty()) {
        return around.open.back() == '{' ? "the text ends before an object is closed"
                                         : "the text ends before an array is closed";
    }
    return around.nothing_before ? "the text is empty" : "the text ends in the middle of a value";
}

std::string explain_in_string(std::string_view text, std::size_t offset, const surroundings& around) {
    if (around.escape != nowhere) {
        const bool unicode = around.escape + 1 < offset && text[around.escape + 1] == 'u';
        if (!unicode) return "there is no such escape in JSON (a backslash itself is written \\\\)";
        return "\\u needs four hexadecimal digits, and a surrogate its other half";
    }
    const auto byte = static_cast<unsigned char>(text[offset]);
    if (byte < 0x20 && is_utf8(text.substr(around.string, offset - around.string))) {
        return "a control character in a string must be escaped (a line break is \\n, a tab \\t)";
    }
    return "the string is not valid UTF-8";
}

std::string explain_token(char c, const surroundings& around) {
    const char before = around.before;
    const bool behind_a_value = before == '"' || before == '}' || before == ']' || is_word(before);
    const bool starts_a_value = c == '"' || c == '{' || c == '[' || is_word(c);
    const bool in_object = around.open.ends_with('{');
    if (around.open.empty() && behind_a_value) return "something follows the end of the JSON text";
    if (c == '/') return "a comment is no JSON";
    if (c == '\'') return "strings stand in double quotes in JSON";
    if (behind_a_value && starts_a_value) return "a comma or a colon is missing before this";
    if ((c == '}' || c == ']') && before == ',') return "there is a comma too many before this bracket";
    if (in_object && (before == '{' || before == ',') && c != '"') return "a member name in double quotes is expected";
    if (in_object && before == '"') return "a colon is expected behind a member name";
    if ((c >= '0' && c <= '9') || c == '-') return "this is no JSON number, or one that is out of range";
    if (is_word(c)) return "this is no JSON value (true, false and null are lower case, NaN and Infinity do not exist)";
    return "this is not expected here";
}

}  // namespace

location location_of(std::string_view text, std::size_t offset) noexcept {
    const std::string_view before = text.substr(0, offset);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1, before.size() - line_start + 1};
}

std::size_t end_of_string(std::string_view text, std::size_t opening_quote) noexcept {
    std::size_t at = opening_quote + 1;
    while (at < text.size() && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
}

std::size_t start_of_string(std::string_view text, std::size_t end, bool comments) {
    return surroundings(text, end - 1, comments).string;
}

std::optional<json_fault> find_hidden_json_fault(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) {
        return json_fault{0, "the text begins with a byte order mark (save it as UTF-8 without BOM)"};
    }
    const std::size_t nul = text.find('\0');
    if (nul == nowhere) return std::nullopt;
    return json_fault{nul, "there is a NUL byte (inside a string it is written \\u0000)"};
}

json_fault explain_json_fault(std::string_view text, std::size_t read, bool comments) {
    if (read > text.size() || text.empty()) {
        const surroundings around(text, text.size(), comments);
        return {text.size(), explain_end(around)};
    }
    const std::size_t offset = read == 0 ? 0 : read - 1;
    const surroundings around(text, offset, comments);
    if (around.string != nowhere) {
        const bool whole_string = around.escape == nowhere && text[offset] == '"' &&
                                  is_utf8(text.substr(around.string, offset - around.string));
        if (!whole_string) return {offset, explain_in_string(text, offset, around)};
        return {around.string, explain_token('"', around)};
    }
    return {around.token, explain_token(text[around.token], around)};
}

}  // namespace posthaste
