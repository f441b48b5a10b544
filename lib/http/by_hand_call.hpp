// The body of POST /v1/retry and POST /v1/discard: which events, how many at most, and where an earlier call ended.
//
// An answer's `continue` stands for what was chosen by the first call: events that match and had died by then, up to
// the newest one. Sent along with the next call, it goes on behind what was looked at already. Pure; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/http/problem.hpp"
#include "lib/outbox/by_hand.hpp"

namespace posthaste {

inline constexpr std::size_t most_by_hand = 10'000;  // in one call

struct by_hand_progress {
    sequence after = 0;
    sequence through = 0;
    std::uint64_t left = 0;  // events that matched and were not yet looked at
    wall_time died_by{};

    friend bool operator==(const by_hand_progress&, const by_hand_progress&) = default;
};

struct by_hand_call {
    selection_request which;
    std::size_t limit = most_by_hand;            // never more, however many are asked for
    std::optional<by_hand_progress> progress{};  // empty: the first call
};

enum class by_hand_state { dead, as_given };  // as_given: the member `state` is required

// 400 malformed-json as for an event; 422 invalid-filter, with every fault. An empty body is an empty object.
[[nodiscard]] result<by_hand_call, problem> read_by_hand_call(std::string_view body, by_hand_state state);

[[nodiscard]] std::string to_continuation(const by_hand_progress& progress);
// Empty for what no to_continuation() gave.
[[nodiscard]] std::optional<by_hand_progress> parse_continuation(std::string_view text) noexcept;

}  // namespace posthaste
