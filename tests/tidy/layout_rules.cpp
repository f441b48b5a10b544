#include <algorithm>
#include <array>

#include "tests/tidy/rules.hpp"

namespace posthaste {

violations strangers_at_the_top(const source_tree& tree) {
    static constexpr std::array allowed = {".ci",
                                           ".clang-format",
                                           ".dockerignore",
                                           ".gitignore",
                                           "CMakeLists.txt",
                                           "CMakePresets.json",
                                           "LICENSE",
                                           "README.md",
                                           "config",
                                           "daemon",
                                           "lib",
                                           "systemd",
                                           "tests"};
    violations found;
    for (const std::string& name : tree.top_level)
        if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
            found.push_back(name + ": the top folder holds only what the plan of the house names");
    return found;
}

violations careless_scripts(const source_tree& tree) {
    violations found;
    for (const source_file& file : tree.files) {
        const bool script = file.text.starts_with("#!");
        if (script != file.executable)
            found.push_back(
                violation_at(file, 1, script ? "a script must be executable" : "executable, but no script"));
        const bool bash = file.text.starts_with("#!/usr/bin/env bash\n");
        if (script && file.text.find("bash\n") < 30 && !bash)
            found.push_back(violation_at(file, 1, "bash is found by /usr/bin/env"));
        if (bash && file.text.find("\nset -euo pipefail\n") == std::string::npos)
            found.push_back(violation_at(file, 1, "a script says set -euo pipefail"));
    }
    return found;
}

}  // namespace posthaste
