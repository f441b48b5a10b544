// Percent-encoding of URIs (RFC 3986). Pure; any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

// The text behind the escapes (RFC 3986, section 2.1); empty where a "%" is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);
// Every byte that is not unreserved (section 2.3) as an escape.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace posthaste
