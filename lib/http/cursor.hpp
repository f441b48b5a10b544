// Pagination cursors: where a listing goes on. Opaque to clients, so that what is in them may change; a number today.
// Pure; any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/uuid.hpp"

namespace posthaste {

[[nodiscard]] std::string to_cursor(sequence last);
// Empty for what no to_cursor() gave.
[[nodiscard]] std::optional<sequence> parse_cursor(std::string_view text) noexcept;

}  // namespace posthaste
