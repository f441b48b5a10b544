#include "daemon/server/switch_handler.hpp"

#include <utility>

#include "daemon/server/refusals.hpp"
#include "daemon/server/status_handler.hpp"

namespace posthaste {

namespace {

problem not_written() {
    return problem_of(refusal::disk_full, "It is done, but could not be written down: a restart would forget it.",
                      "It is written by itself");
}

}  // namespace

std::optional<problem> switch_handler::refuse(const request_head&) const {
    if (const std::optional<refusal> why = refusing_()) return problem_of_change(*why);
    return {};
}

void switch_handler::handle(std::shared_ptr<exchange> request) {
    turn_([waiting = std::move(request)](const std::optional<upstream_report>& now) {
        now ? waiting->answer(response{.body = to_json(*now)}) : waiting->answer(not_written());
    });
}

}  // namespace posthaste
