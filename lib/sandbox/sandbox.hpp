// The stand-in for the upstream, without its sockets: users, events, workflows.
//
// Answers as the real one does: {"message": …} on every error. Pure; belongs to one thread. Bounded: the newest 10,000
// messages (16 MiB of text) and 100,000 Idempotency-Keys are kept.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/sandbox/configuration.hpp"
#include "lib/sandbox/message_log.hpp"
#include "lib/sandbox/recent_keys.hpp"

namespace posthaste {

// What one workflow made of an event: to be shown, and posted to its webhook where it has one.
struct workflow_run {
    const workflow* what = nullptr;  // lives as long as the sandbox
    slack_message message;
};

struct sandbox_answer {
    unsigned status = 200;
    std::string body;
    std::vector<workflow_run> runs;
};

class sandbox {
  public:
    // `key`: the bearer key that is asked for; empty: any key will do, but one must be sent.
    sandbox(sandbox_configuration configuration, std::string key);

    // GET /users/{username}. `encoded_name` is the path's segment, percent-encoded.
    [[nodiscard]] sandbox_answer user(std::string_view authorization, std::string_view encoded_name) const;

    // POST /run/event. An event whose Idempotency-Key was seen runs no workflow again, and is answered as before.
    [[nodiscard]] sandbox_answer run_event(std::string_view authorization, std::string_view idempotency_key,
                                           std::string_view body, wall_time now);

    [[nodiscard]] const message_log& messages() const noexcept { return messages_; }

  private:
    [[nodiscard]] bool authorized(std::string_view authorization) const;

    sandbox_configuration configuration_;
    std::string key_;
    recent_keys seen_;
    message_log messages_;
};

[[nodiscard]] sandbox_answer sandbox_error(unsigned status, std::string_view message);

// 14 digits, the same for the same name everywhere and always.
[[nodiscard]] std::string user_id_of(std::string_view username);

}  // namespace posthaste
