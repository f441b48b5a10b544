// A real server (nginx, HAProxy, tinyproxy) as a child of the test, with its configuration in the test's folder and a
// free port of its own; killed at the end.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/support/mounts.hpp"
#include "tests/system/support/process.hpp"
#include "tests/system/support/reserved_port.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

// Skips the test, loudly, when the program is missing.
#define POSTHASTE_NEEDS_PROGRAM(name)       \
    if (posthaste::find_tool(name).empty()) \
    GTEST_SKIP() << "NOT TESTED with a real " name ": it is not installed (sudo .ci/install test)"

class peer_program {
  public:
    // `arguments`: what follows the program's name. "FILE" is replaced by the configuration file's path; in it "FOLDER"
    // by the folder's and "PORT" by the port.
    peer_program(std::string name, std::vector<std::string> arguments, std::string configuration);

    // Waits until it listens; fails the test, with its output, when it does not.
    void start();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }
    [[nodiscard]] const temp_folder& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string output() const { return process_ ? process_->output() : std::string(); }

  private:
    temp_folder folder_;
    reserved_port port_;
    std::vector<std::string> command_;
    std::unique_ptr<process> process_;
};

}  // namespace posthaste
