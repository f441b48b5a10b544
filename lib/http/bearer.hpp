// The token that a request presents: `Authorization: Bearer TOKEN` (RFC 6750, section 2.1). Pure; any thread.

#pragma once

#include <string_view>

#include "lib/base/result.hpp"
#include "lib/http/head_check.hpp"

namespace posthaste {

// The token; the scheme's name is taken in any case. The error says what is wrong, as a sentence's end: "has no
// Authorization header". Two headers give no token: which of them counts would be a matter of opinion.
[[nodiscard]] result<std::string_view, std::string_view> bearer_token(const request_head& head);

}  // namespace posthaste
