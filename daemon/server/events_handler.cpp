#include "daemon/server/events_handler.hpp"

#include <algorithm>
#include <utility>

#include "daemon/server/refusals.hpp"
#include "lib/base/text.hpp"
#include "lib/event/envelope.hpp"
#include "lib/http/content_type.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_header_bytes = 512;

// What can be sent on as it came. The head's check saw to control characters.
bool is_plain(std::string_view value) {
    return value.size() <= most_header_bytes &&
           std::none_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7e; });
}

std::optional<problem> refuse_api_version(const request_head& head) {
    std::size_t found = 0;
    for (const header_field& field : head.fields) {
        if (!equals_ignoring_case(field.name, "x-api-version")) continue;
        if (++found == 1 && is_plain(field.value)) continue;
        return problem{.status = 400,
                       .name = "invalid-header",
                       .detail =
                           "The x-api-version header must stand once and be up to 512 bytes of ASCII, for example "
                           "\"x-api-version: 2025-09\"."};
    }
    return {};
}

// Reads the headers that are kept with an event, in one pass.
void take_headers(event& into, const request_head& head) {
    for (const header_field& field : head.fields) {
        switch (field.name.size()) {
            case 10:  // several tracestate fields are one list
                if (!equals_ignoring_case(field.name, "tracestate") || field.value.empty()) break;
                if (!into.tracestate.empty()) into.tracestate += ',';
                into.tracestate += field.value;
                break;
            case 11:
                if (equals_ignoring_case(field.name, "traceparent")) into.traceparent = field.value;
                break;
            case 13:
                if (equals_ignoring_case(field.name, "x-api-version")) into.api_version = field.value;
                break;
            default:
                break;
        }
    }
    if (!is_plain(into.traceparent)) into.traceparent.clear();
    if (!is_plain(into.tracestate) || into.traceparent.empty()) into.tracestate.clear();
}

response accepted(const uuid& id) {
    constexpr std::string_view location = "Location: /v1/events/";
    constexpr std::string_view before = R"({"message":"Event queued","id":")";
    constexpr std::string_view behind = R"(","state":"pending"})";
    char text[uuid_text_size];
    write_uuid(id, text);
    response answer{.status = 202};
    answer.fields.reserve(location.size() + sizeof text + 2);
    answer.fields.append(location).append(text, sizeof text).append("\r\n");
    answer.body.reserve(before.size() + sizeof text + behind.size());
    answer.body.append(before).append(text, sizeof text).append(behind);
    return answer;
}

}  // namespace

events_handler::events_handler(events_options options, event_sink& sink, std::shared_ptr<const event_catalog> catalog,
                               rate_window& accepted)
    : options_(std::move(options)), sink_(sink), catalog_(std::move(catalog)), accepted_(accepted) {}

void events_handler::reconfigure(std::uint64_t body_limit, std::shared_ptr<const event_catalog> catalog) {
    options_.body_limit = body_limit;
    catalog_ = std::move(catalog);
}

std::optional<problem> events_handler::refuse(const request_head& head) const {
    if (std::optional<problem> wrong = refuse_unless_json(head)) return wrong;
    if (std::optional<problem> wrong = refuse_api_version(head)) return wrong;
    if (!options_.refusing) return {};
    if (const std::optional<refusal> why = options_.refusing()) return problem_of(*why);
    return {};
}

void events_handler::handle(std::shared_ptr<exchange> request) {
    result<envelope, envelope_fault> read = read_envelope(request->body(), *catalog_);
    if (!read) return request->answer(problem_of(std::move(read).error()));
    event what;
    what.name = std::move(read->event);
    what.user_id = std::move(read->user_id);
    what.path = request->head().path;
    what.body = std::move(request->body());
    take_headers(what, request->head());
    sink_.append(std::move(what), [this, waiting = std::move(request)](const result<uuid, refusal>& outcome) {
        stored(*waiting, outcome);
    });
}

void events_handler::stored(exchange& request, const result<uuid, refusal>& outcome) {
    if (!outcome) return request.answer(problem_of(outcome.error()));
    accepted_.add(options_.now().steady);
    request.answer(accepted(*outcome));
}

}  // namespace posthaste
