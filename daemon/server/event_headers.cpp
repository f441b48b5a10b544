#include "daemon/server/event_headers.hpp"

#include <algorithm>

#include "lib/base/text.hpp"

namespace posthaste {
namespace {

constexpr std::size_t most_header_bytes = 512;
constexpr std::size_t most_trace_bytes = 1024;

// What can be sent on as it came. The head's check saw to control characters.
bool is_plain(std::string_view value) {
    return value.size() <= most_header_bytes &&
           std::none_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7e; });
}

}  // namespace

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
    for (std::string* each : {&into.traceparent, &into.tracestate})
        if (each->size() > most_trace_bytes) each->clear();
}

}  // namespace posthaste
