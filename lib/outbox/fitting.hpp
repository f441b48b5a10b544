// What a full disk still takes, and what it does not.

#pragma once

#include <vector>

#include "lib/outbox/outbox.hpp"

namespace posthaste {

// Does `what` in a transaction. False: it does not fit. The log's blocks are all that a full disk has for it, and they
// can be written again once they were copied into the database: hence the second try.
template <class What>
[[nodiscard]] result<bool, sqlite_error> fits(outbox& box, What what) {
    for (const bool last : {false, true}) {
        auto done = box.begin();
        done = done ? what() : done;
        done = done ? box.commit() : done;
        if (done) {
            return true;
        }
        if (!done.error().is_full()) {
            return done.error();
        }
        box.rollback();
        const auto copied = last ? sqlite_result{} : box.checkpoint();
        if (!copied && !copied.error().is_full()) {
            return copied.error();
        }
    }
    return false;
}

// Settlements that are too much for the log's blocks at once, or for the room behind the database: what makes room
// comes first, then what takes as much as it gives, then what only takes, and `what` is put into that order. How many
// were dealt with before one had to wait. Attempts that failed are not worth waiting for as long as others may be
// written: where they do not fit they are forgotten with the next restart, at worst.
[[nodiscard]] result<std::size_t, sqlite_error> settle_in_slices(outbox& box, std::vector<settlement>& what);

}  // namespace posthaste
