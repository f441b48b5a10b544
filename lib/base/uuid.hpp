// Event ids: UUIDv7 (RFC 9562, section 5.7) that carry the event's number.
//
// unix_ts_ms (48 bits) | version 7 | rand_a: 12 random bits | variant 10 | rand_b: 44 bits of sequence, 18 random bits.
// The sequence in the id finds the event's row without an index; the 30 random bits and the time keep ids of different
// machines and outboxes apart. Pure; any thread.

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/time.hpp"

namespace posthaste {

// The number of an event in its outbox: 1, 2, 3 … in the order of commits, never reused.
using sequence = std::uint64_t;
inline constexpr sequence max_sequence = (sequence{1} << 44) - 1;

struct uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(const uuid&, const uuid&) = default;
};

inline constexpr std::size_t uuid_text_size = 36;

[[nodiscard]] uuid make_event_id(wall_time now, sequence number, std::uint64_t random);
// The id that was made with this one, for the event so many numbers later.
[[nodiscard]] uuid following_id(const uuid& first, std::uint64_t later);
[[nodiscard]] sequence sequence_of(const uuid& id) noexcept;
[[nodiscard]] wall_time time_of(const uuid& id) noexcept;  // when it was made

// Lower-case 8-4-4-4-12.
[[nodiscard]] std::string to_string(const uuid& id);
// The same, written to `out` (no terminating NUL).
void write_uuid(const uuid& id, char (&out)[uuid_text_size]) noexcept;
// Either case, dashes in their places; empty for anything else.
[[nodiscard]] std::optional<uuid> parse_uuid(std::string_view text) noexcept;

}  // namespace posthaste
