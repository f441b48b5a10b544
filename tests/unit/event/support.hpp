// What the tests of this module share.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "lib/event/schema.hpp"

namespace posthaste {

// A schema that is known to be right.
inline schema_node schema_of(std::string_view text) {
    const auto json = parse_located_json(text);
    if (!json) throw std::invalid_argument("no JSON: " + json.error().what);
    auto schema = compile_schema(*json);
    if (!schema) throw std::invalid_argument("no schema: " + schema.error().front().what);
    return std::move(*schema);
}

inline constexpr std::string_view ticket_schema =
    R"({"ticketName": "String", "customerEmail": "String", "description": "String"})";

}  // namespace posthaste
