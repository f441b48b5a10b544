#include "tests/system/support/node_script.hpp"

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/system/support/mounts.hpp"
#include "tests/system/support/process.hpp"

namespace posthaste {

namespace {

constexpr int cannot_run_here = 77;
constexpr std::chrono::minutes most{5};  // to start a browser takes long where much else runs

}  // namespace

std::string missing_for_node() {
    if (find_tool("node").empty()) return "it is not installed (sudo .ci/install test)";
    if (std::filesystem::exists(POSTHASTE_SOURCE_DIR "/build/node_modules")) return {};
    return "build/node_modules is not there; tests/run installs it";
}

void expect_nothing_wrong(const std::string& script, const std::vector<std::string>& arguments) {
    std::vector<std::string> command{find_tool("node"), POSTHASTE_NODE_SCRIPTS "/" + script};
    command.insert(command.end(), arguments.begin(), arguments.end());
    process node({command, {}, {}, {}});
    EXPECT_TRUE(wait_until([&] { return node.ended().has_value(); }, most)) << script << " did not come to its end";
    const int status = node.wait();
    if (status == cannot_run_here) GTEST_SKIP() << "NOT TESTED with " << script << ": " << node.standard_error();
    EXPECT_EQ(status, 0) << node.standard_error();
    std::size_t checks = 0;
    std::size_t done = 0;
    std::istringstream lines(node.standard_output());
    for (std::string line; std::getline(lines, line);) {
        const auto told = nlohmann::json::parse(line, nullptr, false);
        if (!told.is_object()) {
            ADD_FAILURE() << script << " wrote: " << line;
            continue;
        }
        done = told.value("done", std::size_t{0});
        if (!told.contains("check")) continue;
        ++checks;
        for (const auto& wrong : told["wrong"])
            ADD_FAILURE() << told["check"].get<std::string>() << ": " << wrong.get<std::string>();
    }
    EXPECT_GT(checks, 0U) << script << " checked nothing";
    EXPECT_EQ(done, checks) << script << " did not come to its end";
}

}  // namespace posthaste
