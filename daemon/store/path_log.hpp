// What the store tells in the log of single events: at debug that one was stored, imported, sent again or discarded by
// hand, once that is durable; and always the death of one that is damaged on the disk, which nobody else can name.
//
// Costs nothing but a look at the level where neither is the case. Belongs to the store thread.

#pragma once

#include <string>
#include <vector>

#include "daemon/store/store_batch.hpp"
#include "lib/outbox/outbox.hpp"

namespace posthaste {

class path_log {
  public:
    // Before a commit: who they are whom it will remove or move. What cannot be read has no name, and is the commit's
    // to stumble over.
    void look(outbox& box, const batch& work, const commit_chance& chance);
    // After it.
    void committed(const batch& work, const batch_outcome& outcome);

  private:
    enum class fate { damaged, discarded, retried };

    struct leaving {
        sequence number = 0;
        event_state state{};
        fate what = fate::damaged;
        std::string name{};  // of the event, with its id; empty: not to be read
    };

    void note(outbox& box, sequence number, event_state state, fate what, wall_time now);

    std::vector<leaving> leaving_;
};

}  // namespace posthaste
