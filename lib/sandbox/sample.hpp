// The sample everyone meets first: `posthaste dev`, the quickstart and the README use this event and its workflow.

#pragma once

#include <string_view>

namespace posthaste {

inline constexpr std::string_view sample_sandbox_configuration = R"({
  "events": {
    "Ticket Created": { "ticketName": "String", "customerEmail": "String", "description": "String" }
  },
  "workflows": [
    { "event": "Ticket Created",
      "slack": { "channel": "#support",
                 "message": "New ticket *{{ticketName}}* from {{customerEmail}}: {{description}}" } }
  ]
})";

inline constexpr std::string_view sample_event =
    R"({"event": "Ticket Created", "userId": "10101010101010", )"
    R"("data": {"ticketName": "Refund request", "customerEmail": "ada@example.com", "description": "Please help"}})";

}  // namespace posthaste
