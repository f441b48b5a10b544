// One member of a JSON object as the bytes it has there, so that it can be shown without being re-serialised.
// Pure; any thread.

#pragma once

#include <optional>
#include <string_view>

namespace posthaste {

// The value of the top-level member `name`, without the white space around it. `object` must be well-formed JSON (what
// read_envelope took is); empty when it is no object or has no such member.
[[nodiscard]] std::optional<std::string_view> raw_member(std::string_view object, std::string_view name);

}  // namespace posthaste
