// The three columns that hold an attempt_error: error_at, error_status, error_message, in this order.

#pragma once

#include <optional>
#include <string_view>

#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct error_columns {
    std::optional<wall_time> at;
    std::optional<int> status;
    std::optional<std::string_view> message;  // a view of the error's
};

[[nodiscard]] inline error_columns error_columns_of(const std::optional<attempt_error>& error) {
    return error ? error_columns{error->at, error->status, error->message} : error_columns{};
}

[[nodiscard]] inline std::optional<attempt_error> read_attempt_error(const sqlite_rows& row, int first_column) {
    if (row.is_null(first_column)) {
        return std::nullopt;
    }
    attempt_error error{.at = row.time(first_column), .status = std::nullopt, .message = {}};
    if (!row.is_null(first_column + 1)) {
        error.status = static_cast<int>(row.integer(first_column + 1));
    }
    error.message = row.bytes(first_column + 2);
    return error;
}

}  // namespace posthaste
