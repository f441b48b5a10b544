// The API versions that stand in a path: YYYY-MM. Pure; any thread.

#pragma once

#include <string_view>

#include "lib/http/characters.hpp"

namespace posthaste {

[[nodiscard]] constexpr bool is_api_version(std::string_view text) noexcept {
    if (text.size() != 7 || text[4] != '-' || !is_all_in(text.substr(0, 4), character_class::digit)) return false;
    const std::string_view month = text.substr(5);
    return is_all_in(month, character_class::digit) && month >= "01" && month <= "12";
}

}  // namespace posthaste
