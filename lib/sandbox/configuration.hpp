// The sandbox's own file (`--config`): the Custom Events it knows and the workflows they run.
//
//     {"events": {"Ticket Created": {"ticketName": "String"}},       // schemas, as in posthaste.json
//      "workflows": [{"event": "Ticket Created",
//                     "slack": {"channel": "#support", "message": "New ticket *{{ticketName}}*",
//                               "webhook_url_file": null}}]}                            // Slack's incoming webhook
//
// JSON with comments. Every problem is found at once: "sandbox.json:3:7: workflows[0].slack.chanel: unknown key (did
// you mean "channel"?)". Pure.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/base/url.hpp"
#include "lib/config/load.hpp"
#include "lib/event/catalog.hpp"
#include "lib/sandbox/message_template.hpp"

namespace posthaste {

struct workflow {
    std::string event;
    std::string channel;
    message_template message;
    std::optional<std::string> webhook_url_file;
    std::optional<url> webhook;  // what stands in that file, once somebody has read it; a secret
};

struct sandbox_configuration {
    event_catalog events;             // an event that is not in it is taken without a schema
    std::vector<workflow> workflows;  // in the file's order; several may listen to one event
};

// `name` is the file's, for the messages.
[[nodiscard]] result<sandbox_configuration, config_problems> read_sandbox_configuration(std::string_view text,
                                                                                        const std::string& name);

}  // namespace posthaste
