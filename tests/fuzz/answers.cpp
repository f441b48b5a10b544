#include "tests/fuzz/answers.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "lib/base/require.hpp"

namespace posthaste::fuzz {
namespace {

std::size_t number_behind(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    REQUIRE(at != std::string_view::npos, "an answer has a status and a length");
    std::size_t number = 0;
    const auto read = std::from_chars(text.data() + at + name.size(), text.data() + text.size(), number);
    REQUIRE(read.ec == std::errc{}, "which are numbers");
    return number;
}

void judge(const http_answer& answer) {
    REQUIRE(answer.status >= 200 && answer.status < 600 && answer.status != 500, "an answer has a status of ours");
    if (answer.body.empty()) return;
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    REQUIRE(body.is_object(), "an answer is a JSON object");
    if (answer.status >= 400) REQUIRE(body.at("status") == answer.status, "and a problem says its status");
}

}  // namespace

std::vector<http_answer> answers_of(std::string_view received) {
    std::vector<http_answer> answers;
    while (!received.empty()) {
        const std::size_t end = received.find("\r\n\r\n");
        REQUIRE(end != std::string_view::npos, "an answer has a whole head");
        const std::string_view head = received.substr(0, end + 2);
        REQUIRE(head.starts_with("HTTP/1.1 ") || head.starts_with("HTTP/1.0 "),
                "an answer begins where the last ended");
        received.remove_prefix(end + 4);
        const std::size_t length = number_behind(head, "\r\nContent-Length: ");
        const bool to_a_head = received.empty() || received.starts_with("HTTP/1.");  // our bodies begin otherwise
        REQUIRE(to_a_head || length <= received.size(), "an answer has a whole body");
        const std::size_t sent = to_a_head ? 0 : length;
        answers.push_back({static_cast<unsigned>(number_behind(head, " ")), received.substr(0, sent)});
        received.remove_prefix(sent);
        judge(answers.back());
    }
    return answers;
}

}  // namespace posthaste::fuzz
