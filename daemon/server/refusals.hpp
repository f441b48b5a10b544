// The problem for each reason why the store takes no event: a 503 that says how soon trying again makes sense; a 422
// for an Idempotency-Key that came with another request before.

#pragma once

#include "daemon/store/store.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

// For a posted event or batch: none of it was stored, or nobody knows (store_unavailable).
[[nodiscard]] problem problem_of(refusal why);

// For all else: the cause, then `outcome`, the caller's sentences on what was done and what was not, and then `repeat`,
// what to do again, which ends with when: "Repeat the call" becomes "Repeat the call once the daemon is back."
[[nodiscard]] problem problem_of(refusal why, std::string_view outcome, std::string_view repeat);

// For a call that changes one thing, or was refused before it changed any.
[[nodiscard]] problem problem_of_change(refusal why);

}  // namespace posthaste
