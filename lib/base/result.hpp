// Expected failures are values: result<T, E> holds a T or an E, and is checked where it is received.

#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace posthaste {

template <class T, class E>
using result = boost::system::result<T, E>;

// Exit codes of the command line (sysexits.h where one fits).
enum class exit_code : int {
    done = 0,
    failed = 1,  // the thing asked for failed
    usage = 2,   // usage or configuration
    outbox_damaged = 65,
    write_failed = 74,
    locked_or_in_use = 75,  // the outbox is locked or the port is taken
};

// Why the start stopped: one clear line for a person (what happened, why, what to do) and the process's exit code.
struct start_failure {
    exit_code code = exit_code::failed;
    std::string message;
};

}  // namespace posthaste
