#include "daemon/server/event_handler.hpp"

#include <nlohmann/json.hpp>

#include "daemon/server/optional_json.hpp"
#include "lib/base/text.hpp"
#include "lib/http/raw_member.hpp"

namespace posthaste {

namespace {

problem unknown_event_id(std::string_view id) {
    return {.status = 404,
            .name = "not-found",
            .detail = "There is no event " + printable(id, 40) +
                      ". It was never accepted here, or was delivered longer ago than queue.keep_delivered."};
}

nlohmann::ordered_json last_error_of(const std::optional<attempt_error>& error) {
    if (!error) return nullptr;
    return {{"at", to_rfc3339(error->at)}, {"status", or_null(error->status)}, {"message", error->message}};
}

// The posted text itself: numbers and spelling as the app wrote them.
std::string_view data_of(const event_facts& facts) {
    if (!facts.body) return "null";
    return raw_member(*facts.body, "data").value_or("null");
}

}  // namespace

std::string to_json(const event_facts& facts) {
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
    std::string text = dumped(shown);
    text.pop_back();
    text.append(",\"data\":").append(data_of(facts)).append("}");
    return text;
}

void event_handler::handle(std::shared_ptr<exchange> request) {
    const std::string_view path = request->head().path;
    const std::string_view text = path.substr(path.rfind('/') + 1);
    const std::optional<uuid> id = parse_uuid(text);
    if (!id) return request->answer(unknown_event_id(text));
    find_(*id, [waiting = std::move(request), id = *id](const std::optional<event_facts>& found) {
        if (!found) return waiting->answer(unknown_event_id(to_string(id)));
        waiting->answer(response{.status = 200, .body = to_json(*found)});
    });
}

}  // namespace posthaste
