#include <algorithm>
#include <array>
#include <regex>

#include "tests/tidy/rules.hpp"

namespace posthaste {

namespace {

constexpr int most_lines = 400;
constexpr int most_lines_of_main = 80;
constexpr std::ptrdiff_t most_columns = 120;

std::ptrdiff_t columns_of(std::string_view text) {  // UTF-8: bytes that begin a character
    return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::string untidiness(const source_file& file, std::string_view line) {
    if (file.is_cpp() && columns_of(line) > most_columns) return "over 120 columns";
    if (line.find('\t') != std::string_view::npos) return "a tab";
    if (line.ends_with(' ') || line.ends_with('\r')) return "white space at the line's end";
    return {};
}

std::string without_comment(std::string_view line) {
    return std::string(line.substr(0, line.find("//")));
}

bool matches(std::string_view line, const std::regex& pattern) {
    return std::regex_search(line.begin(), line.end(), pattern);
}

// Asked first: the pattern costs more than the whole rest of the rules.
bool may_name_a_type(std::string_view line) {
    for (const std::string_view keyword : {"class ", "struct ", "enum ", "union ", "concept ", "using "})
        if (line.find(keyword) != std::string_view::npos) return true;
    return false;
}

}  // namespace

std::string violation_at(const source_file& file, int line, const std::string& why) {
    return file.path + ":" + std::to_string(line) + ": " + why;
}

violations overlong_or_untidy_text(const source_tree& tree) {
    violations found;
    for (const source_file& file : tree.files) {
        if (!file.is_code()) continue;
        const auto lines = file.lines();
        const int most = file.path == "daemon/main.cpp" ? most_lines_of_main : most_lines;
        if (static_cast<int>(lines.size()) > most)
            found.push_back(violation_at(file, most, "over " + std::to_string(most) + " lines"));
        if (!file.text.ends_with('\n'))
            found.push_back(violation_at(file, static_cast<int>(lines.size()), "the last line has no end"));
        for (const source_line& line : lines) {
            const std::string why = untidiness(file, line.text);
            if (!why.empty()) found.push_back(violation_at(file, line.number, why));
        }
    }
    return found;
}

violations headers_without_a_contract(const source_tree& tree) {
    violations found;
    for (const source_file& file : tree.files) {
        if (!file.is_header()) continue;
        const auto lines = file.lines();
        const auto code = std::find_if(lines.begin(), lines.end(), [](const source_line& line) {
            return !line.text.empty() && !line.text.starts_with("//");
        });
        if (code == lines.begin()) found.push_back(violation_at(file, 1, "a header begins with its contract"));
        if (code == lines.end() || code->text != "#pragma once")
            found.push_back(violation_at(file, 1, "#pragma once stands behind the contract, before anything else"));
    }
    return found;
}

violations entangled_co_awaits(const source_tree& tree) {
    static const std::regex fine(
        R"(^\s*(((const )?auto[&*]? )?(\w+|\[\w+(, \w+)*\]) =\s+|\(void\))?co_await [^{}\[\]]*$)");
    static const std::regex any(R"(\bco_await\b)");
    violations found;
    for (const source_file& file : tree.files) {
        if (!file.is_cpp() || file.is_below("tests/tidy/") || file.text.find("co_await") == std::string::npos) continue;
        std::string statement;
        for (const source_line& line : file.lines()) {
            statement += without_comment(line.text);
            if (matches(statement, any) && !matches(statement, fine)) {
                found.push_back(violation_at(file, line.number, "a co_await is a statement of its own, of lvalues"));
                statement.clear();
            }
            const std::size_t last = statement.find_last_not_of(' ');
            if (last == std::string::npos || std::string_view(";{}:").find(statement[last]) != std::string_view::npos ||
                statement.starts_with('#'))
                statement.clear();
        }
    }
    return found;
}

violations names_in_another_style(const source_tree& tree) {
    static const std::regex type(R"(^\s*(class|struct|enum|enum class|union|concept|using) [A-Z]\w*( |$))");
    static const std::regex file_name(R"(^([a-z0-9_./]|CMakeLists\.txt)*$)");
    violations found;
    for (const source_file& file : tree.files) {
        if (file.is_code() && !matches(file.path, file_name))
            found.push_back(violation_at(file, 1, "file names are snake_case"));
        if (!file.is_cpp()) continue;
        for (const source_line& line : file.lines())
            if (may_name_a_type(line.text) && matches(line.text, type))
                found.push_back(violation_at(file, line.number, "types are snake_case"));
    }
    return found;
}

violations loose_ends(const source_tree& tree) {
    static const std::array words = {std::string("TO") + "DO", std::string("FIX") + "ME"};  // not to find itself
    violations found;
    for (const source_file& file : tree.files)
        for (const source_line& line : file.lines())
            for (const std::string& word : words)
                if (line.text.find(word) != std::string_view::npos)
                    found.push_back(violation_at(file, line.number, "finish it, or open an issue"));
    return found;
}

}  // namespace posthaste
