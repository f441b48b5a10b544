// GET /users/{username} and GET /{version}/users/{username}: the upstream's answer, kept durably, so that an SDK's
// identify() works through an outage (lib/identity). An SDK sends its GET with a body. Belongs to the listener's
// thread.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/server/reading_handler.hpp"
#include "lib/base/time.hpp"
#include "lib/identity/identity_rules.hpp"

namespace posthaste {

// Each replies later, on the listener's thread.
struct user_source {
    std::function<void(identity_key key, std::function<void(std::optional<kept_identity>)> reply)> kept;
    std::function<void(identity_change what)> change;
    std::function<void(user_lookup what, std::function<void(lookup_outcome)> reply)> ask;
};

class users_handler final : public reading_handler {
  public:
    // `target`: of the upstream in force (lib/config/target.hpp).
    // `most_waiting`: requests that wait for the upstream at once; the others are answered with what is kept, if
    // anything is. So not all connections wait for it, and events find one.
    users_handler(user_source source, std::string target, milliseconds max_age, std::size_t most_waiting,
                  std::function<instant()> now);

    void reconfigure(std::string target, milliseconds max_age, std::size_t most_waiting);

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    void handle(std::shared_ptr<exchange> request) override;

  private:
    void ask(const std::shared_ptr<exchange>& request, const identity_key& key, const user_lookup& what,
             std::optional<kept_identity> kept);
    void serve(exchange& request, const identity_key& key, kept_identity kept);
    void answered(exchange& request, const identity_key& key, const user_lookup& what,
                  std::optional<kept_identity> kept, lookup_outcome outcome);
    void erase(const lookup_outcome& outcome, const user_lookup& what);
    void keep(const lookup_outcome& outcome, const user_lookup& what);

    user_source source_;
    std::string target_;
    milliseconds max_age_;
    std::size_t most_waiting_;
    std::size_t waiting_ = 0;
    std::function<instant()> now_;
};

}  // namespace posthaste
