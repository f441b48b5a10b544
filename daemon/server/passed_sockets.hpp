// Listening sockets that systemd passed to this process: sd_listen_fds(3).

#pragma once

#include <vector>

#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

struct passed_socket {
    int descriptor = -1;
    listen_address address;
};

// Takes them over, once: the variables that tell of them are taken out of the environment, so that no child believes
// them. Call before any other thread runs. The error: one that nobody could connect to.
[[nodiscard]] result<std::vector<passed_socket>, start_failure> take_passed_sockets();

}  // namespace posthaste
