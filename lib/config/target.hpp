// Tells one pair of upstream URL and API key from another. Kept on disk, and so no more than a hash. Any thread.

#pragma once

#include <string>

#include "lib/config/settings.hpp"

namespace posthaste {

// Hexadecimal digits.
[[nodiscard]] std::string target_of(const upstream_settings& upstream);

}  // namespace posthaste
