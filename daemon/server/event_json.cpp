#include "daemon/server/event_json.hpp"

#include "daemon/server/optional_json.hpp"

namespace posthaste {

namespace {

nlohmann::ordered_json last_error_of(const std::optional<attempt_error>& error) {
    if (!error) return nullptr;
    return {{"at", to_rfc3339(error->at)}, {"status", or_null(error->status)}, {"message", error->message}};
}

}  // namespace

nlohmann::ordered_json facts_json(const event_facts& facts) {
    nlohmann::ordered_json shown = {
        {"id", to_string(facts.id)},
        {"event", facts.name},
        {"userId", facts.user_id},
        {"state", to_string(facts.state)},
        {"receivedAt", to_rfc3339(facts.received_at)},
        {"attempts", facts.attempts},
        {"nextAttemptAt", time_or_null(facts.next_attempt_at)},
        {"deliveredAt", time_or_null(facts.delivered_at)},
        {"deadAt", time_or_null(facts.dead_at)},
        {"reason", facts.reason ? nlohmann::ordered_json(to_string(*facts.reason)) : nullptr},
        {"lastError", last_error_of(facts.last_error)},
        {"response", nullptr},
    };
    if (facts.response_status) shown["response"] = {{"status", *facts.response_status}};
    return shown;
}

}  // namespace posthaste
