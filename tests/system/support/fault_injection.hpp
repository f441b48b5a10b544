// System calls of the daemon that fail, or kill it: strace's tampering, which needs no change to the daemon.
//
// strace counts each thread's calls for itself, from the moment on that it traces the thread.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/system/support/process.hpp"

namespace posthaste {

// What happens at which call.
struct planned_fault {
    std::string call;  // "fdatasync"
    std::string what;  // "error=EIO" (and the call is not carried out), "signal=SIGKILL"
    int when = 1;      // the how manieth call; that one alone
    std::string file;  // only calls on the file of this path; empty: on any
};

// Why this machine does not let us inject faults; empty: it does.
[[nodiscard]] std::string no_fault_injection();

// For daemon_under_test::run_under: the fault from the first instruction on, in every thread. The daemon stays the
// caller's child, strace becomes a grandchild that ends with it.
[[nodiscard]] std::vector<std::string> strace_with(const planned_fault& fault);

// The fault in one thread of a running daemon ("store", "delivery"; the accept thread is "posthaste"), for as long as
// this lives.
class fault_injection {
  public:
    // Returns once the thread is traced. Throws where there is no such thread.
    fault_injection(pid_t daemon, const std::string& thread, const planned_fault& fault);

  private:
    std::unique_ptr<process> strace_;
};

}  // namespace posthaste
