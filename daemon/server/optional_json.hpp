// How the answers to people show what may be missing.

#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "lib/base/time.hpp"

namespace posthaste {

template <class T>
[[nodiscard]] nlohmann::ordered_json or_null(const std::optional<T>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

[[nodiscard]] inline nlohmann::ordered_json time_or_null(const std::optional<wall_time>& time) {
    return time ? nlohmann::ordered_json(to_rfc3339(*time)) : nlohmann::ordered_json(nullptr);
}

// Never throws: what is no UTF-8 (it cannot come from an accepted event) is replaced.
[[nodiscard]] inline std::string dumped(const nlohmann::ordered_json& value) {
    return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace posthaste
