// A whole head, scanned and read at once, as a session does it while the bytes come.

#pragma once

#include <utility>

#include "lib/base/result.hpp"
#include "lib/http/head_check.hpp"

namespace posthaste {

// `head` is whole, with its final empty line, and outlives what was read of it.
[[nodiscard]] inline result<request_head, problem> check_head(std::string_view head) {
    head_scanner scanner;
    switch (scanner.scan(head)) {
        case head_scanner::state::malformed:
            return malformed_head(scanner.fault());
        case head_scanner::state::too_large:
            return head_too_large();
        case head_scanner::state::incomplete:
            return malformed_head("it ends before its final empty line");
        case head_scanner::state::complete:
            break;
    }
    request_head read;
    if (std::optional<problem> wrong = check_scanned_head(head.substr(0, scanner.size()), read))
        return std::move(*wrong);
    return read;
}

}  // namespace posthaste
