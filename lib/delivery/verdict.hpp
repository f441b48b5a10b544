// Decides what one answer of the upstream means for the event that was sent (README, "What an answer means").
//
// Pure: no I/O, no clock. Any thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "lib/base/time.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// What the upstream answered, where somebody waits for that.
struct upstream_answer {
    std::string content_type;
    std::string body;     // at most 64 KiB, the key hidden (lib/delivery/answer_text.hpp)
    bool is_cut = false;  // it is longer than that
};

// How one attempt ended.
struct attempt_outcome {
    std::optional<int> status;  // of the final answer; empty: no answer came, or a broken one
    std::string message;        // why it is no success, safe to show, at most 1 KiB; may be empty for a 2xx
    std::optional<milliseconds>
        retry_after{};                        // the answer's Retry-After (RFC 9110, 10.2.3), from now on; as it stands
    bool timed_out = false;                   // no answer, or no connection, within its time
    std::optional<upstream_answer> answer{};  // where it was to be kept
};

// A 409 may mean that an earlier request of this event is still being processed; so many in a row are taken as
// delivered.
inline constexpr std::uint32_t conflicts_that_deliver = 3;

// What is known beside the answer itself.
struct verdict_facts {
    std::uint32_t conflicts_before = 0;  // answers 409 in a row that this event got right before this one
    bool reached_before = false;         // something was once delivered with the present URL and key
};

// `overrides`: delivery.statuses.
[[nodiscard]] verdict judge(std::optional<int> status, const verdict_facts& facts,
                            const std::map<int, verdict>& overrides) noexcept;

// Whether the answer holds the whole upstream back, its limits being the key's and not the event's: 429, and 503 with a
// Retry-After. `meaning`: judge()'s.
[[nodiscard]] bool is_hold(const attempt_outcome& outcome, verdict meaning) noexcept;

// Whether it is the upstream that failed, and not only this one event: all that is retried but a 409.
[[nodiscard]] bool is_failure_of_upstream(std::optional<int> status, verdict meaning) noexcept;

}  // namespace posthaste
