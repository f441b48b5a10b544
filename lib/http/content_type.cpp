#include "lib/http/content_type.hpp"

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

problem unsupported(std::string detail) {
    return {.status = 415, .name = "unsupported-media-type", .detail = std::move(detail)};
}

std::optional<problem> refuse_unless(std::string_view type, std::string_view what, const request_head& head) {
    const std::string advice = "Send " + std::string(what) + ", with the header Content-Type: " + std::string(type);
    std::size_t types = 0;
    for (const header_field& field : head.fields) {
        if (equals_ignoring_case(field.name, "content-type")) {
            if (++types > 1)
                return unsupported("There are two Content-Type headers. Send one: Content-Type: " + std::string(type));
            if (!equals_ignoring_case(trim(field.value.substr(0, field.value.find(';'))), type))
                return unsupported("The Content-Type is \"" + printable(field.value, 100) + "\". " + advice);
        }
        if (equals_ignoring_case(field.name, "content-encoding") && !equals_ignoring_case(field.value, "identity"))
            return unsupported("The Content-Encoding \"" + printable(field.value, 100) +
                               "\" is not understood. Send the body as it is, without a Content-Encoding header.");
    }
    if (types == 0) return unsupported("There is no Content-Type. " + advice);
    return {};
}

}  // namespace

std::optional<problem> refuse_unless_json(const request_head& head) {
    return refuse_unless("application/json", "the event as JSON", head);
}

std::optional<problem> refuse_unless_ndjson(const request_head& head) {
    return refuse_unless("application/x-ndjson", "the events as JSON, one a line", head);
}

}  // namespace posthaste
