// The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header, as a plain token): 1 to 255 visible ASCII
// characters. Pure; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

inline constexpr std::size_t longest_idempotency_key = 255;

// Whether it can be the header's value.
[[nodiscard]] bool is_idempotency_key(std::string_view value) noexcept;

// The header's value; empty where there is none; 400 invalid-header where it cannot be one.
[[nodiscard]] result<std::optional<std::string_view>, problem> idempotency_key_of(const request_head& head);

// What stands for the key and the request in the outbox. `sender` tells one token from another.
[[nodiscard]] idempotency idempotency_of(std::string_view key, std::string_view sender, std::string_view path,
                                         std::string_view body);

}  // namespace posthaste
