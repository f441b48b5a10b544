// Events as lines of ndjson, to carry them from one outbox to another (GET /v1/export, POST /v1/import):
//
//     {"id", "path", "apiVersion", "receivedAt", "state", "body": "<the posted text>"}
//
// Pure; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/event/envelope.hpp"
#include "lib/event/schema.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

// How long the line of an event can be whose body has up to `body` bytes: each of them may stand there as an escape of
// two (control characters that take more are in no JSON), and so may those of x-api-version.
[[nodiscard]] constexpr std::uint64_t longest_line(std::uint64_t body) noexcept {
    return 2 * body + 2 * 1024;
}

// The line with its line feed.
[[nodiscard]] std::string to_line(const exported_event& one);

struct line_fault {
    std::optional<envelope_fault> malformed{};  // it is no JSON; its place is one in the line
    std::vector<field_error> errors{};          // else: everything that is wrong with it, with pointers into the line
};

// What the line says, its number still to be given.
// The body must be an event, but is held to no schema: it was accepted once. An apiVersion that is null or left out is
// none; unknown members are ignored, and cost no memory. The line itself is held to the same rules of JSON as an event:
// what has a NUL byte, two members of one name or a nesting over 64 is malformed.
[[nodiscard]] result<pending_event, line_fault> read_line(std::string_view line);

}  // namespace posthaste
