#include "daemon/server/switch_handler.hpp"

#include <utility>

#include "daemon/server/refusals.hpp"
#include "daemon/server/status_handler.hpp"

namespace posthaste {

std::optional<problem> switch_handler::refuse(const request_head&) const {
    if (const std::optional<refusal> why = refusing_()) return problem_of_change(*why);
    return {};
}

void switch_handler::handle(std::shared_ptr<exchange> request) {
    turn_([waiting = std::move(request)](const upstream_report& now) {
        waiting->answer(response{.body = to_json(now)});
    });
}

}  // namespace posthaste
