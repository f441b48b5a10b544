// A daemon killed with SIGKILL in mid-load, again and again, and what its outbox holds afterwards.
//
// The daemon is a child process with an outbox in the folder that is given, on a port of its own, and with an upstream
// that refuses every connection: nothing leaves the machine, every event stays pending. Blocks; to be called while the
// process has one thread.

#pragma once

#include <cstdint>
#include <string>

#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

struct kill_count {
    int kills = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t found = 0;  // of those, after every kill

    [[nodiscard]] std::uint64_t lost() const noexcept { return acknowledged - found; }
};

// With the durability that is given. The error is why a daemon did not start, or took no events.
[[nodiscard]] result<kill_count, start_failure> kill_in_mid_load(const std::string& folder, durability how, int kills);

}  // namespace posthaste
