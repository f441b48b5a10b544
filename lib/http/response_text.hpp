// The text of an answer's head. Pure; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/time.hpp"

namespace posthaste {

// "Accepted" for 202; "" for a status that is not used here.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

// "Date: Mon, 23 Nov 2026 13:05:09 GMT\r\n" (IMF-fixdate, RFC 9110, section 5.6.7).
[[nodiscard]] std::string date_line(wall_time now);

struct answer_head {
    unsigned status = 200;
    int minor_version = 1;  // of the request: HTTP/1.0 is told that its connection stays open
    bool keep_alive = true;
    std::string_view date{};  // a line of date_line()
    std::string_view content_type{};
    std::optional<std::size_t> content_length = 0;  // empty: not known; chunked, or up to the connection's end
    std::string_view fields{};                      // further complete lines
};

// Appends the status line, the fields and the empty line. Problems and pages must not be taken for something else by a
// browser, so each answer says nosniff; none says anything of CORS.
void append_head(std::string& out, const answer_head& head);

}  // namespace posthaste
