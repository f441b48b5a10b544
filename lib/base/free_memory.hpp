// Gives a string's memory back. Neither clear() nor an assignment of "" or {} does that: they keep its capacity.

#pragma once

#include <string>

namespace posthaste {

inline void free_memory_of(std::string& text) noexcept {
    std::string().swap(text);
}

}  // namespace posthaste
