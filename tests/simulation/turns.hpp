// Users take turns: nobody is served twice while somebody else who could have been served waited all the time.

#pragma once

#include <cstdint>
#include <vector>

#include "tests/simulation/promises.hpp"

namespace posthaste::simulation {

class turns {
  public:
    explicit turns(std::size_t users) : users_(users) {}

    // The users may stand in another order from now on.
    void begin() { users_.assign(users_.size(), {}); }

    // Whether this user's first event could be sent, but for the upstream; told after each step.
    void can_go(std::size_t user, bool can) {
        one& of = users_[user];
        if (!can)
            of.waits_since = 0;
        else if (of.waits_since == 0)
            of.waits_since = now_;
    }

    void served(std::size_t user, promises& kept) {
        one& now = users_[user];
        for (const one& other : users_)
            kept.expect(&other == &now || other.waits_since == 0 || now.served == 0 || other.waits_since > now.served,
                        "users take turns");
        now.served = now_++;
        now.waits_since = 0;
    }

    // It was not, after all, and has the next turn.
    void unserved(std::size_t user) { users_[user].served = 0; }

  private:
    struct one {
        std::uint64_t waits_since = 0;  // 0: it does not
        std::uint64_t served = 0;       // last; 0: never
    };

    std::vector<one> users_;
    std::uint64_t now_ = 1;  // grows with each service
};

}  // namespace posthaste::simulation
