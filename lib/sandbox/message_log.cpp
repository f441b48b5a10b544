#include "lib/sandbox/message_log.hpp"

#include <utility>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t longest_line = 4096;

std::size_t size_of(const slack_message& message) {
    return message.channel.size() + message.text.size() + message.event.size() + message.user_id.size();
}

}  // namespace

std::string terminal_line(const slack_message& message) {
    return "[" + printable(message.channel) + "] " + printable(message.text, longest_line);
}

void message_log::add(slack_message message) {
    bytes_ += size_of(message);
    messages_.push_back(std::move(message));
    while (messages_.size() > most_messages_ || (bytes_ > most_bytes_ && messages_.size() > 1)) {
        bytes_ -= size_of(messages_.front());
        messages_.pop_front();
    }
}

std::string message_log::json() const {
    std::string out = "[";
    for (const slack_message& message : messages_) {
        if (out.size() > 1) out += ",\n ";
        out += "{\"channel\": ";
        append_json_quoted(out, message.channel);
        out += ", \"text\": ";
        append_json_quoted(out, message.text);
        out += ", \"event\": ";
        append_json_quoted(out, message.event);
        out += ", \"userId\": ";
        append_json_quoted(out, message.user_id);
        out += ", \"at\": \"" + to_rfc3339(message.at) + "\"}";
    }
    out += "]\n";
    return out;
}

}  // namespace posthaste
