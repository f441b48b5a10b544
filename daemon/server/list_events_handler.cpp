#include "daemon/server/list_events_handler.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "daemon/server/event_json.hpp"
#include "daemon/server/optional_json.hpp"
#include "lib/base/text.hpp"
#include "lib/http/cursor.hpp"
#include "lib/http/query_string.hpp"

namespace posthaste {

namespace {

constexpr std::size_t usual_limit = 50;
constexpr std::size_t most_limit = 500;

std::optional<event_state> state_named(std::string_view name) {
    for (const auto state : {event_state::pending, event_state::delivered, event_state::dead})
        if (name == to_string(state)) return state;
    return std::nullopt;
}

// A page holds most_limit at most, however many are asked for. Empty: it is no such number.
std::optional<std::size_t> read_limit(const std::optional<std::string>& text) {
    if (!text) return usual_limit;
    std::size_t limit = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (read.ptr != text->data() + text->size()) return std::nullopt;
    if (read.ec == std::errc::result_out_of_range) return most_limit;
    if (read.ec != std::errc{} || limit == 0) return std::nullopt;
    return std::min(limit, most_limit);
}

// A form that was not filled in asks for nothing in particular.
std::optional<std::string> filled_in(const query_string& given, std::string_view name) {
    auto value = given.get(name);
    return value && value->empty() ? std::nullopt : std::move(value);
}

result<list_request, problem> read_request(std::string_view query) {
    static constexpr std::array<std::string_view, 5> known{"state", "event", "userId", "limit", "cursor"};
    const auto given = query_string::parse(query, known);
    if (!given) return given.error();
    list_request request;
    if (const auto state = filled_in(*given, "state")) {
        request.state = state_named(*state);
        if (!request.state) return invalid_query("state must be pending, delivered or dead.");
    }
    request.name = given->get("event").value_or("");
    request.user_id = given->get("userId").value_or("");
    const auto limit = read_limit(filled_in(*given, "limit"));
    if (!limit) return invalid_query("limit must be a whole number, 1 or more.");
    request.limit = *limit;
    if (const auto cursor = filled_in(*given, "cursor")) {
        const auto last = parse_cursor(*cursor);
        if (!last) return invalid_query("cursor must be the nextCursor of an earlier page.");
        request.before = *last;
    }
    return request;
}

std::string to_json(const list_page& page) {
    nlohmann::ordered_json shown = {{"events", nlohmann::ordered_json::array()}, {"nextCursor", nullptr}};
    for (const auto& one : page.events)
        shown["events"].push_back(facts_json(one));
    if (!page.reached_end) shown["nextCursor"] = to_cursor(page.last);
    return dumped(shown);
}

}  // namespace

void list_events_handler::handle(std::shared_ptr<exchange> request) {
    auto wanted = read_request(request->head().query);
    if (!wanted) return request->answer(wanted.error());
    list_(*std::move(wanted),
          [waiting = std::move(request)](const list_page& page) { waiting->answer(response{.body = to_json(page)}); });
}

}  // namespace posthaste
