// The API key: where it comes from, and whether it can be used.
//
// From the key's file, else $CREDENTIALS_DIRECTORY/api_key (systemd), else $POSTHASTE_API_KEY. White space at its end
// is cut off. No message ever shows the key.

#pragma once

#include <optional>
#include <string>

#include "lib/base/result.hpp"
#include "lib/config/load.hpp"

namespace posthaste {

struct secret {
    std::string value;
    std::string source;                  // for messages
    std::optional<std::string> watched;  // its file, which may be given another key; empty: a key for life
};

// The error says what is wrong and what to do.
[[nodiscard]] result<secret, std::string> load_api_key(const std::optional<std::string>& key_file,
                                                       const environment& env);

}  // namespace posthaste
