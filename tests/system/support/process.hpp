// A real child process with its output captured; never left behind, whatever becomes of the test.
//
// Start it from the test's main thread: the kernel kills the child when the thread that started it ends.

#pragma once

#include <chrono>
#include <csignal>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "tests/system/support/patience.hpp"

namespace posthaste {

struct process_options {
    std::vector<std::string> command;  // the program's path first
    // Set beside what is inherited; an empty value takes the variable away.
    std::vector<std::pair<std::string, std::string>> environment;
    std::string folder;  // the working folder; empty: this process's
    std::string input;   // standard input
};

class process {
  public:
    explicit process(process_options options);
    ~process();  // kills it

    process(const process&) = delete;
    process& operator=(const process&) = delete;

    [[nodiscard]] pid_t id() const noexcept { return id_; }
    // What it has written so far.
    [[nodiscard]] std::string standard_output() const;
    [[nodiscard]] std::string standard_error() const;
    // Both, one behind the other.
    [[nodiscard]] std::string output() const { return standard_output() + standard_error(); }

    // Until the text stands in the output; false when the process ended or `patience` ran out without it.
    [[nodiscard]] bool wait_for_output(std::string_view text);
    // The same for a pattern; gives what was found.
    [[nodiscard]] std::optional<std::string> wait_for_pattern(const std::regex& pattern, std::size_t group = 0);

    void signal(int number);
    // The exit status, or minus the signal that ended it; waits for the end. Kills it when `patience` runs out.
    int wait();
    // The same, without waiting: empty while it runs.
    [[nodiscard]] std::optional<int> ended();

  private:
    pid_t id_ = -1;
    int output_ = -1;
    int error_ = -1;
    std::optional<int> status_;
};

// Runs a command to its end.
struct finished {
    int status = 0;
    std::string output;
    std::string error;
};
[[nodiscard]] finished run_to_end(process_options options);

}  // namespace posthaste
