// The keys of the configuration: the one table from which a file is read, unknown keys are told and the reference is
// tested.
//
// The table is immutable: any thread.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/config/faults.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// The settings while they are read.
struct settings_draft {
    settings values;
};

struct config_key {
    std::string path;  // "upstream.url"
    // Puts the value into the draft, or leaves it at its default and adds to `faults`.
    std::function<void(const located_json& json, settings_draft& draft, value_faults& faults)> read;
    // Whether both have the same value. Neither is changed.
    std::function<bool(settings_draft& a, settings_draft& b)> same;
};

// In the order of the reference file.
[[nodiscard]] std::span<const config_key> config_keys();

// Null when there is no such key.
[[nodiscard]] const config_key* find_config_key(std::string_view path);

// Whether `path` is an object of the file that holds keys, such as "delivery.retry".
[[nodiscard]] bool is_config_section(std::string_view path);

// "unknown key", with the key that was probably meant. `section` is "" at the top level.
[[nodiscard]] std::string unknown_key_text(std::string_view section, std::string_view name);

}  // namespace posthaste
