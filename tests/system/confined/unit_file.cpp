#include "tests/system/confined/unit_file.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace posthaste {

namespace {

using groups = std::map<std::string, std::vector<std::string>>;

std::string output_of(const std::string& command) {
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error(command);
    std::string text;
    std::array<char, 4096> block{};
    while (const auto size = std::fread(block.data(), 1, block.size(), pipe))
        text.append(block.data(), size);
    if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed");
    return text;
}

// "@group", then its members below it, indented; comments between them.
groups known_groups() {
    groups found;
    std::istringstream lines(output_of("systemd-analyze --no-pager syscall-filter"));
    std::string group;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        if (!(words >> word) || word == "#") continue;
        if (line.front() == '@')
            group = word;
        else if (line.front() == ' ')
            found[group].push_back(word);
    }
    return found;
}

void add(std::set<std::string>& calls, const groups& known, const std::string& name) {
    if (name.front() != '@') {
        calls.insert(name);
        return;
    }
    for (const auto& member : known.at(name))
        add(calls, known, member);
}

}  // namespace

unit_file::unit_file(const std::string& path) {
    std::ifstream file(path);
    bool in_service = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('[')) in_service = line == "[Service]";
        const auto equals = line.find('=');
        if (in_service && !line.starts_with('#') && equals != std::string::npos)
            lines_.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    if (lines_.empty()) throw std::runtime_error(path + " is no unit file of a service");
}

std::vector<std::string> unit_file::words(const std::string& name) const {
    std::vector<std::string> all;
    const auto [first, last] = lines_.equal_range(name);
    for (auto line = first; line != last; ++line) {
        if (line->second.empty()) all.clear();
        std::istringstream words(line->second);
        for (std::string word; words >> word;)
            all.push_back(word);
    }
    return all;
}

std::set<std::string> unit_file::allowed_calls() const {
    const groups known = known_groups();
    std::set<std::string> allowed;
    add(allowed, known, "@default");
    const auto [first, last] = lines_.equal_range("SystemCallFilter");
    for (auto line = first; line != last; ++line) {
        const bool takes_away = line->second.starts_with('~');
        std::istringstream words(line->second.substr(takes_away ? 1 : 0));
        std::set<std::string> named;
        for (std::string word; words >> word;)
            add(named, known, word);
        for (const auto& call : named)
            takes_away ? (void)allowed.erase(call) : (void)allowed.insert(call);
    }
    return allowed;
}

}  // namespace posthaste
