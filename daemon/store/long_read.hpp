// What a person looks for among very many events, read slice after slice within one turn on the store thread.
//
// A turn ends once as many were found as asked for, everything was looked at, or a millisecond is over: so long a
// commit may have to wait for it (rule 4), and so few turns it takes to look through a million events, each of which
// has to wait for a commit. Belongs to the store's thread.

#pragma once

#include <functional>

#include "lib/base/time.hpp"
#include "lib/outbox/outbox.hpp"

namespace posthaste {

[[nodiscard]] result<list_page, sqlite_error> read_long(outbox& box, list_request request,
                                                        const std::function<instant()>& now);
[[nodiscard]] result<selection_page, sqlite_error> read_long(outbox& box, selection_request request,
                                                             const std::function<instant()>& now);

}  // namespace posthaste
