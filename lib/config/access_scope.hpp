// Whose call it is: what a route asks for, and what a token gives. Pure; any thread.

#pragma once

#include <vector>

#include "lib/base/sha256.hpp"

namespace posthaste {

// In the order of what it may do: each may do what those before it may.
enum class access_scope {
    anyone,     // without a token
    app,        // send, look users up, read receipts
    operators,  // everything
};

struct access_token {
    access_scope scope = access_scope::app;
    sha256_digest digest{};

    friend bool operator==(const access_token&, const access_token&) = default;
};

// None: the door is open to every user of this host.
using access_tokens = std::vector<access_token>;

// The token whose digest that is; null when there is none. Looks at all of them, each in constant time.
[[nodiscard]] inline const access_token* find_token(const access_tokens& tokens, const sha256_digest& digest) noexcept {
    const access_token* found = nullptr;
    for (const access_token& each : tokens)
        if (equal_in_constant_time(each.digest, digest)) found = &each;
    return found;
}

}  // namespace posthaste
