#include "lib/http/content_type.hpp"

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

problem unsupported(std::string detail) {
    return {.status = 415, .name = "unsupported-media-type", .detail = std::move(detail)};
}

bool is_json(std::string_view value) {
    return equals_ignoring_case(trim(value.substr(0, value.find(';'))), "application/json");
}

}  // namespace

std::optional<problem> refuse_unless_json(const request_head& head) {
    std::size_t types = 0;
    for (const header_field& field : head.fields) {
        if (equals_ignoring_case(field.name, "content-type")) {
            if (++types > 1)
                return unsupported("There are two Content-Type headers. Send one: Content-Type: application/json");
            if (!is_json(field.value))
                return unsupported("The Content-Type is \"" + printable(field.value, 100) +
                                   "\". Send the event as JSON, with the header Content-Type: application/json");
        }
        if (equals_ignoring_case(field.name, "content-encoding") && !equals_ignoring_case(field.value, "identity"))
            return unsupported("The Content-Encoding \"" + printable(field.value, 100) +
                               "\" is not understood. Send the body as it is, without a Content-Encoding header.");
    }
    if (types == 0)
        return unsupported(
            "There is no Content-Type. Send the event as JSON, with the header Content-Type: application/json");
    return {};
}

}  // namespace posthaste
