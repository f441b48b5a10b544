#include "lib/outbox/types.hpp"

#include "lib/base/require.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

std::string_view to_string(event_state state) noexcept {
    switch (state) {
        case event_state::pending:
            return "pending";
        case event_state::delivered:
            return "delivered";
        case event_state::dead:
            return "dead";
    }
    require_failed("event_state", "no such state", __FILE__, __LINE__);
}

std::string_view to_string(death_reason reason) noexcept {
    switch (reason) {
        case death_reason::rejected:
            return "rejected";
        case death_reason::expired:
            return "expired";
        case death_reason::damaged:
            return "damaged";
    }
    require_failed("death_reason", "no such reason", __FILE__, __LINE__);
}

std::string named(const uuid& id, std::string_view event_name) {
    return to_string(id) + " (" + printable(event_name) + ")";
}

}  // namespace posthaste
