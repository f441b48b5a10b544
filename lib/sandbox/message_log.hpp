// The Slack messages the sandbox's workflows made, for GET /messages: bounded, the oldest forgotten first.
// Not thread-safe.

#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "lib/base/time.hpp"

namespace posthaste {

struct slack_message {
    std::string channel;
    std::string text;
    std::string event;
    std::string user_id;
    wall_time at;
};

// One line for a terminal: "[#support] New ticket …"; control characters are escaped, a very long text is cut.
[[nodiscard]] std::string terminal_line(const slack_message& message);

class message_log {
  public:
    message_log(std::size_t most_messages, std::size_t most_bytes)
        : most_messages_(most_messages), most_bytes_(most_bytes) {}

    void add(slack_message message);
    // A JSON array, the oldest first: [{"channel", "text", "event", "userId", "at"}].
    [[nodiscard]] std::string json() const;
    [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }

  private:
    std::size_t most_messages_;
    std::size_t most_bytes_;  // of all texts and names together
    std::size_t bytes_ = 0;
    std::deque<slack_message> messages_;
};

}  // namespace posthaste
