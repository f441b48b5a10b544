// What an attempt's failure tells a person: a word for the kind, what happened, and what to do where somebody can do
// something. Pure; any thread.

#pragma once

#include <string>

#include "lib/delivery/verdict.hpp"

namespace posthaste {

// "key-refused: the upstream answered 401: check the API key (upstream.api_key_file) and what its account may do".
// Never holds what the upstream wrote, but for the reason why no answer came.
[[nodiscard]] std::string trouble_text(const attempt_outcome& outcome);

}  // namespace posthaste
