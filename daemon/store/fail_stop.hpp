// The end after a failed write (rule 9): whoever waits to hear whether something was stored is answered, and the
// process exits without closing the database and without a checkpoint. Carrying on would lose acknowledged events: a
// later fsync may report success for pages that the failed one dropped.

#pragma once

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/store/store.hpp"
#include "lib/outbox/sqlite.hpp"

namespace posthaste {

struct last_words {
    std::string path;                   // of the outbox
    std::string why;                    // SQLite's words
    bool damaged = false;               // exit 65 and a marker file, else exit 74
    std::vector<append_reply> waiting;  // answered store_unavailable; at most 1 s is given to that
};

// On the store thread. Stops the delivery thread first, unless it is the accept thread: nothing more is sent.
[[noreturn]] void fail_stop(boost::asio::io_context& accept, boost::asio::io_context& delivery, last_words words);

}  // namespace posthaste
