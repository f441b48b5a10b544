// The secrets: the API key, where it comes from and whether it can be used; and who may read a secret's file.
//
// The key comes from the key's file, else $CREDENTIALS_DIRECTORY/api_key (systemd), else $POSTHASTE_API_KEY. White
// space at its end is cut off. No message ever shows the key.

#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

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

// Whether the file is below $CREDENTIALS_DIRECTORY: systemd gave it to this process alone, and for life.
[[nodiscard]] bool is_credential(const std::string& file, const environment& env);

// What is wrong with the file of upstream.client_key_file, and what to do; empty: nothing. OpenSSL reads it later.
[[nodiscard]] std::optional<std::string> private_key_fault(const std::string& file, const environment& env);

// Whether a file of such permissions is open to every user of the host: what is wrong then, and what to do.
[[nodiscard]] std::optional<std::string> openness_fault(const std::string& path, mode_t mode);

}  // namespace posthaste
