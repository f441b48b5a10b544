#include "lib/config/access_tokens.hpp"

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/config/file.hpp"
#include "lib/config/problems.hpp"
#include "lib/config/secret.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_file_bytes = 1024 * 1024;
constexpr std::size_t most_token_bytes = 4096;
constexpr std::string_view white_space = " \t\r";

// The next word of a line, which a comment ends as its end does.
std::string_view next_word(std::string_view& rest) {
    const auto begin = rest.find_first_not_of(white_space);
    rest.remove_prefix(std::min(begin, rest.size()));
    if (rest.starts_with('#')) rest = {};
    const auto word = rest.substr(0, rest.find_first_of(white_space));
    rest.remove_prefix(word.size());
    return word;
}

bool is_visible_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
}

class token_reader {
  public:
    void read_line(std::string_view line, std::size_t number) {
        std::string_view rest = line;
        const std::string_view scope = next_word(rest);
        if (scope.empty()) return;
        here_ = {number, static_cast<std::size_t>(scope.data() - line.data()) + 1};
        if (scope != "app" && scope != "operator")
            return fault(
                "expected \"app TOKEN\" or \"operator TOKEN\"; what stands here is not shown, as it may be a "
                "token");
        const std::string_view token = next_word(rest);
        if (token.empty()) return fault("has no token behind \"" + std::string(scope) + "\"");
        here_.column = static_cast<std::size_t>(token.data() - line.data()) + 1;
        if (!is_visible_ascii(token)) return fault("has a byte in its token that no header may carry");
        if (!next_word(rest).empty()) return fault("has a space in its token, or more than one token");
        add(scope == "app" ? access_scope::app : access_scope::operators, sha256(token));
    }

    access_tokens tokens;
    std::vector<located_fault> faults;

  private:
    void add(access_scope scope, const sha256_digest& digest) {
        if (find_token(tokens, digest)) return fault("has a token that stands in an earlier line, too");
        tokens.push_back({scope, digest});
    }
    void fault(std::string what) { faults.push_back({here_, std::move(what)}); }

    location here_{};
};

}  // namespace

result<access_tokens, std::vector<located_fault>> parse_access_tokens(std::string_view text) {
    token_reader reader;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        reader.read_line(text.substr(at, end - at), ++number);
        at = end + 1;
    }
    if (reader.faults.empty() && reader.tokens.empty())
        reader.faults.push_back({{1, 1}, "holds no token, and nobody could get in: write \"app TOKEN\" there"});
    if (!reader.faults.empty()) return std::move(reader.faults);
    return std::move(reader.tokens);
}

std::string to_text(const std::string& file, const token_file_fault& fault) {
    if (!fault.where) return printable(file) + " " + fault.what;
    return place_text(printable(file), *fault.where) + ": " + fault.what;
}

result<access_tokens, std::vector<token_file_fault>> load_access_tokens(const std::string& file,
                                                                        const environment& env) {
    using faults = std::vector<token_file_fault>;
    auto content = read_whole_file(file, most_file_bytes);
    if (!content) return faults{{std::nullopt, "cannot be read: " + content.error().reason}};
    if (!is_credential(file, env)) {
        if (auto open = openness_fault(file, content->mode)) return faults{{std::nullopt, std::string(trim(*open))}};
    }
    auto tokens = parse_access_tokens(content->text);
    if (tokens) return *std::move(tokens);
    faults found;
    for (located_fault& each : tokens.error())
        found.push_back({each.where, std::move(each.what)});
    return found;
}

result<std::string, std::string> load_client_token(const std::string& file, const environment& env) {
    const auto refused = [&](const std::string& why) -> result<std::string, std::string> {
        return {boost::system::in_place_error, printable(file) + why};
    };
    const auto content = read_whole_file(file, most_token_bytes);
    if (!content) return refused(" cannot be read: " + content.error().reason);
    if (!is_credential(file, env)) {
        if (const auto open = openness_fault(file, content->mode)) return refused(*open);
    }
    std::string_view token = content->text;
    token.remove_prefix(std::min(token.find_first_not_of(" \t\r\n"), token.size()));
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    if (token.empty()) return refused(" is empty: put the token there");
    if (!is_visible_ascii(token))
        return refused(" holds more than a token: put it there alone, without \"app\", \"operator\" or \"Bearer\"");
    return {boost::system::in_place_value, token};
}

}  // namespace posthaste
