// What a body says of itself. Pure; any thread.

#pragma once

#include <optional>

#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

// 415 unless the body is announced as application/json (parameters are fine) and not coded (identity is fine).
[[nodiscard]] std::optional<problem> refuse_unless_json(const request_head& head);

// 415 unless it is announced as application/x-ndjson, likewise.
[[nodiscard]] std::optional<problem> refuse_unless_ndjson(const request_head& head);

}  // namespace posthaste
