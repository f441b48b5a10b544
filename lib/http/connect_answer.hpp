// Reads a proxy's answer to CONNECT (RFC 9110, section 9.3.6) as far as the tunnel needs it: the status and where the
// head ends. A tunnel has no body, whatever the head says of one.
//
// Pure; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace posthaste {

struct connect_answer {
    int status = 0;        // of the final answer; 0: this is not HTTP/1
    std::size_t size = 0;  // with the interim answers before it and the empty line behind it
};

// `bytes`: all that came so far. Empty: more is needed.
[[nodiscard]] std::optional<connect_answer> read_connect_answer(std::string_view bytes);

}  // namespace posthaste
