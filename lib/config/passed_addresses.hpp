// Listening sockets that somebody else opened for us take the place of listen.addresses.
//
// Pure; any thread.

#pragma once

#include <vector>

#include "lib/config/load.hpp"

namespace posthaste {

// The settings with those addresses. Whatever has to hold for listen.addresses has to hold for them, too: the error is
// what does not.
[[nodiscard]] result<settings, config_problems> with_passed_addresses(settings loaded,
                                                                      std::vector<listen_address> passed);

}  // namespace posthaste
