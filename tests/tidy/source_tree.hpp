// The project's files as the rules see them.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste {

struct source_line {
    int number = 0;
    std::string_view text;  // without the line's end
};

struct source_file {
    std::string path;  // from the root: "lib/base/text.hpp"
    std::string text;
    bool executable = false;

    [[nodiscard]] std::vector<source_line> lines() const;
    [[nodiscard]] bool is_header() const { return path.ends_with(".hpp"); }
    [[nodiscard]] bool is_cpp() const { return is_header() || path.ends_with(".cpp"); }
    // Whatever is written for a machine to run or build: C++, CMake, scripts.
    [[nodiscard]] bool is_code() const;
    [[nodiscard]] bool is_below(std::string_view folder) const { return path.starts_with(folder); }
};

// Everything below `root` but version control and build results.
struct source_tree {
    std::filesystem::path root;
    std::vector<source_file> files;
    std::vector<std::string> top_level;  // names in the root

    [[nodiscard]] bool contains(std::string_view path) const;
};

[[nodiscard]] source_tree read_source_tree(const std::filesystem::path& root);

}  // namespace posthaste
