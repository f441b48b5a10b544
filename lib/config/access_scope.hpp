// Whose call it is: what a route asks for, and what a token gives.

#pragma once

namespace posthaste {

// In the order of what it may do: each may do what those before it may.
enum class access_scope {
    anyone,     // without a token
    app,        // send, look users up, read receipts
    operators,  // everything
};

}  // namespace posthaste
