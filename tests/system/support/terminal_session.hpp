// A command of ours on a terminal of its own: what a person would see, escape codes and all.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/system/support/daemon_under_test.hpp"

namespace posthaste {

struct terminal_options {
    int columns = 80;
    int rows = 24;
    std::string typed{};  // what the person types
    // Beside TERM=xterm and no NO_COLOR.
    std::vector<std::pair<std::string, std::string>> environment{};
};

// `arguments` are words for a shell.
[[nodiscard]] inline process_options on_a_terminal(const std::string& server, const std::string& arguments,
                                                   terminal_options how = {}) {
    std::vector<std::pair<std::string, std::string>> variables = {
        {"POSTHASTE_SERVER", server}, {"TERM", "xterm"}, {"NO_COLOR", ""}};
    for (auto& [name, value] : how.environment) {
        std::erase_if(variables, [&, &wanted = name](const auto& each) { return each.first == wanted; });
        variables.emplace_back(name, value);
    }
    const std::string size = "stty cols " + std::to_string(how.columns) + " rows " + std::to_string(how.rows);
    return {{"/usr/bin/script", "--quiet", "--return", "--flush", "--command",
             size + "; exec " + posthaste_binary() + " " + arguments, "/dev/null"},
            std::move(variables),
            {},
            std::move(how.typed)};
}

}  // namespace posthaste
