// The 503 for each reason why the store takes no event, and how soon trying again makes sense.

#pragma once

#include "daemon/store/store.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

[[nodiscard]] problem problem_of(refusal why);

}  // namespace posthaste
