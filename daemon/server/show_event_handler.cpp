#include "daemon/server/show_event_handler.hpp"

#include <nlohmann/json.hpp>

#include "daemon/server/event_json.hpp"
#include "daemon/server/optional_json.hpp"
#include "lib/base/text.hpp"
#include "lib/http/raw_member.hpp"

namespace posthaste {

namespace {

// The posted text itself: numbers and spelling as the app wrote them. Of a damaged body it may be no JSON any more.
std::string_view data_of(const event_facts& facts) {
    const auto data = facts.body ? raw_member(*facts.body, "data") : std::nullopt;
    return data && nlohmann::json::accept(*data) ? *data : "null";
}

}  // namespace

problem unknown_event_id(std::string_view id) {
    return {.status = 404,
            .name = "not-found",
            .detail = "There is no event " + printable(id, 40) +
                      ". It was never accepted here, or is no longer kept: it was discarded, or its time "
                      "(queue.keep_delivered, queue.keep_dead) is over."};
}

std::string to_json(const event_facts& facts) {
    std::string text = dumped(facts_json(facts));
    text.pop_back();
    text.append(",\"data\":").append(data_of(facts)).append("}");
    return text;
}

void show_event_handler::handle(std::shared_ptr<exchange> request) {
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
