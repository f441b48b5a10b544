// What `posthaste send` was asked for, and how both of its ways complain.

#pragma once

#include <iostream>
#include <optional>
#include <string>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

struct send_options {
    std::optional<std::string> event;  // this and the next three: of one event
    std::optional<std::string> user;
    std::optional<std::string> data;
    std::optional<std::string> wait;    // as it was typed
    std::optional<std::string> ndjson;  // the file of many
    std::optional<std::string> key;     // of --idempotency-key
    client_options daemon;
    bool json = false;
};

// One event (send_one.cpp), or the lines of a file (send_many.cpp).
exit_code send_one(const send_options& options, daemon_place server);
exit_code send_many(const send_options& options, daemon_place server);

inline exit_code fail_to_send(exit_code code, const std::string& what) {
    std::cerr << "posthaste send: " << what << "\n";
    return code;
}

}  // namespace posthaste
