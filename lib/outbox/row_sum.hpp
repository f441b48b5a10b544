// What a row weighs and what it must add up to (rule 8). Pure.

#pragma once

#include <cstdint>

#include "lib/outbox/types.hpp"

namespace posthaste {

// What a row costs beyond its texts: the page's cell, the record's head, the fixed columns, the place in the tree.
inline constexpr std::uint64_t row_overhead_bytes = 200;

// What the event counts against queue.max_bytes while it is pending or dead.
[[nodiscard]] std::uint64_t row_bytes(const event& what) noexcept;

// CRC-32 of everything that is sent, and of the lane, the name and the id.
[[nodiscard]] std::uint32_t row_checksum(const uuid& id, const event& what) noexcept;

}  // namespace posthaste
