// What a client makes of the answers on a connection, strictly: REQUIREs what must hold of each of them.

#pragma once

#include <string_view>
#include <vector>

namespace posthaste::fuzz {

struct http_answer {
    unsigned status = 0;
    std::string_view body;  // empty, too, for the answer to a HEAD
};

[[nodiscard]] std::vector<http_answer> answers_of(std::string_view received);

}  // namespace posthaste::fuzz
