// A script of tests/system/node, run by Node.js, which reports what it checked: a line of JSON for each thing,
// {"check": "…", "wrong": ["…"]}, and {"done": 12} in the end. One that cannot run here says so by exit code 77.
//
// tests/run installs the packages that they need into build/node_modules, where Node.js finds them from build/PRESET.

#pragma once

#include <string>
#include <vector>

namespace posthaste {

// Skips the test, loudly, when Node.js or its packages are missing.
#define POSTHASTE_NEEDS_NODE()                                                       \
    if (const std::string missing = posthaste::missing_for_node(); !missing.empty()) \
    GTEST_SKIP() << "NOT TESTED with Node.js: " << missing

// What is missing, and how to get it; empty: nothing.
[[nodiscard]] std::string missing_for_node();

// Runs it to its end. Fails the test for each thing that is wrong, and when the script does not come to its end; skips
// it, loudly, when it cannot run here.
void expect_nothing_wrong(const std::string& script, const std::vector<std::string>& arguments);

}  // namespace posthaste
