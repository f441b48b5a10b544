#include "lib/http/connect_answer.hpp"

#include <algorithm>
#include <charconv>

namespace posthaste {

namespace {

constexpr std::string_view version = "HTTP/1.";
constexpr std::string_view shortest_line = "HTTP/1.1 200";

// The status of a head that begins with "HTTP/1.1 200 "; 0: this is none.
int status_of(std::string_view head) {
    if (!head.starts_with(version) || head.size() < shortest_line.size()) return 0;
    const std::string_view digits = head.substr(shortest_line.size() - 3, 3);
    const char behind = head.size() == shortest_line.size() ? ' ' : head[shortest_line.size()];
    const bool sound = head[version.size() + 1] == ' ' && (behind == ' ' || behind == '\r') &&
                       std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    int status = 0;
    if (sound) std::from_chars(digits.data(), digits.data() + digits.size(), status);
    return status;
}

}  // namespace

std::optional<connect_answer> read_connect_answer(std::string_view bytes) {
    constexpr std::string_view end_of_head = "\r\n\r\n";
    for (std::size_t begin = 0;;) {
        const auto rest = bytes.substr(begin);
        const auto known = std::min(rest.size(), version.size());
        if (rest.substr(0, known) != version.substr(0, known)) return connect_answer{};
        const auto end = rest.find(end_of_head);
        if (end == std::string_view::npos) return std::nullopt;
        const int status = status_of(rest.substr(0, end));
        begin += end + end_of_head.size();
        if (status < 100 || status >= 200) return connect_answer{status, begin};
    }
}

}  // namespace posthaste
