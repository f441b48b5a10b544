#include "tests/tidy/source_tree.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace posthaste {

namespace {

namespace fs = std::filesystem;

bool is_skipped(const fs::path& name) {
    return name == ".git" || name == "build";
}

source_file read_source(const fs::path& root, const fs::directory_entry& entry) {
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const bool executable = (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none;
    return {entry.path().lexically_relative(root).generic_string(), text.str(), executable};
}

}  // namespace

std::vector<source_line> source_file::lines() const {
    std::vector<source_line> all;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        all.push_back({static_cast<int>(all.size()) + 1, rest.substr(0, end)});
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return all;
}

bool source_file::is_code() const {
    for (const char* ending : {".cpp", ".hpp", ".lua", ".awk", ".mjs", ".js", ".css", ".cmake", "CMakeLists.txt"})
        if (path.ends_with(ending)) return true;
    return text.starts_with("#!");
}

bool source_tree::contains(std::string_view path) const {
    return std::any_of(files.begin(), files.end(), [&](const source_file& file) { return file.path == path; });
}

source_tree read_source_tree(const fs::path& root) {
    source_tree tree{root, {}, {}};
    for (const auto& entry : fs::directory_iterator(root))
        if (!is_skipped(entry.path().filename())) tree.top_level.push_back(entry.path().filename().string());
    for (auto walk = fs::recursive_directory_iterator(root); walk != fs::recursive_directory_iterator(); ++walk) {
        if (walk.depth() == 0 && is_skipped(walk->path().filename()))
            walk.disable_recursion_pending();
        else if (walk->is_regular_file())
            tree.files.push_back(read_source(root, *walk));
    }
    return tree;
}

}  // namespace posthaste
