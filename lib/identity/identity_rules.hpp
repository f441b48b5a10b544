// What the identity cache may serve, and when: the upstream's answers to GET /users/{username}, kept so that an SDK's
// identify() works while the upstream cannot be asked.
//
// Kept is a 200, by the upstream's URL and key, the API version and the path: never is an answer served for another
// upstream or account than the one it came from. Pure: no I/O, no clock. Any thread.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/delivery/verdict.hpp"
#include "lib/outbox/identity_table.hpp"

namespace posthaste {

inline constexpr std::size_t largest_kept_identity = 16 * 1024;  // a longer body is passed on, not kept

// What is asked of the upstream.
struct user_lookup {
    std::string path;         // as it came, query excluded
    std::string api_version;  // the x-api-version header; "" when there was none

    friend bool operator==(const user_lookup&, const user_lookup&) = default;
};

// How that went.
struct lookup_outcome {
    bool asked = false;       // false: the upstream is not up, or the daemon stops
    attempt_outcome outcome;  // with its answer, where one came
    std::string target;       // which upstream and key it came from; empty: they changed meanwhile
};

// `target`: of lib/config/target.hpp.
[[nodiscard]] identity_key key_of(std::string_view target, const user_lookup& what);

// Whether what is kept is served without asking. A time in the future is no age.
[[nodiscard]] bool is_fresh(const kept_identity& kept, wall_time now, milliseconds max_age) noexcept;

enum class identity_verdict {
    pass,            // the answer as it is
    pass_and_keep,   // and the next time without asking
    pass_and_erase,  // and what is kept is wrong by now
    serve_kept,      // the upstream cannot tell at present
    unavailable,     // and nothing is kept
};

[[nodiscard]] identity_verdict judge(const lookup_outcome& what, bool has_kept) noexcept;

}  // namespace posthaste
