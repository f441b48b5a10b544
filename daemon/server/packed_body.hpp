// A body that came with Content-Encoding: gzip, and the answers to what is wrong with one.

#pragma once

#include <optional>

#include "daemon/server/handler.hpp"
#include "lib/http/gunzip.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

// Puts what the request's body holds in its place. The limit of whom it is for is that of the unpacked body.
[[nodiscard]] std::optional<problem> unpack(exchange& request, const handler& to);

// Empty for a body that is whole, or of which more is to come.
[[nodiscard]] std::optional<problem> problem_of(gunzip::state found, const handler& to);

}  // namespace posthaste
