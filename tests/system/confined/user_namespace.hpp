// PrivateUsers=: a user namespace in which there is nobody but root and one user.

#pragma once

#include <sys/types.h>

namespace posthaste {

// Moves this process, which is root's, into one. It stays the same process: another one, which stays outside and ends,
// says who is who.
void enter_user_namespace(uid_t user);

}  // namespace posthaste
