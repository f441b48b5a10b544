// A daemon's system calls as strace saw them, in order.
//
// strace stops a thread before a call is carried out and again after it: when call A's `end` comes before call B's
// `begin`, then A was done before B began. No clock is compared.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "tests/system/support/process.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

struct system_call {
    std::string name;       // "fdatasync"
    std::string arguments;  // with file names and content: 9</tmp/outbox.db-wal>, "…"
    std::string result;     // "0", "-1 EIO (…)"; "" when the trace ended before
    std::size_t begin = 0;  // places in the trace
    std::size_t end = 0;

    // The file descriptor in the first argument; -1 when there is none.
    [[nodiscard]] int descriptor() const;
    [[nodiscard]] bool on_file(std::string_view name_ends_with) const;
    [[nodiscard]] bool transferred() const;  // its result is a number of bytes over 0
};

// Traces a running process, all its threads, until stop().
class system_call_trace {
  public:
    system_call_trace(pid_t traced, const std::string& calls);

    // Empty when the trace began; else why this machine does not let us trace.
    [[nodiscard]] std::string trouble() const { return trouble_; }
    [[nodiscard]] std::vector<system_call> stop();

  private:
    temp_folder folder_;
    std::unique_ptr<process> strace_;
    std::string trouble_;
};

[[nodiscard]] std::vector<system_call> parse_trace(const std::string& text);

}  // namespace posthaste
