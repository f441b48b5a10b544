// Base64 (RFC 4648, section 4), with padding, on one line. Pure; any thread.

#pragma once

#include <string>
#include <string_view>

namespace posthaste {

[[nodiscard]] std::string base64_encoded(std::string_view bytes);

}  // namespace posthaste
