// A workflow's Slack message: a Mustache template over the event's `data`.
//
// {{name}} is escaped as Slack wants it (& < >), {{{name}}} is not; a.b reaches into objects, sections run over arrays;
// what is missing is empty. Numbers show the digits that were posted, true is "true", false and null are empty.
// Partials ({{>name}}) are empty: text of an event is never run as a template. Not thread-safe.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.hpp"

namespace posthaste {

class message_template {
  public:
    // The error says what is wrong with the template.
    [[nodiscard]] static result<message_template, std::string> compile(const std::string& text);

    message_template(message_template&&) noexcept;
    message_template& operator=(message_template&&) noexcept;
    ~message_template();

    // `body` is an event that read_envelope() found sound.
    [[nodiscard]] std::string render(std::string_view body) const;

  private:
    struct impl;
    explicit message_template(std::unique_ptr<impl> compiled);

    std::unique_ptr<impl> impl_;
};

// "&" → "&amp;", "<" → "&lt;", ">" → "&gt;": all that Slack's mrkdwn asks for.
[[nodiscard]] std::string slack_escape(std::string_view text);

}  // namespace posthaste
