#include "lib/http/content_type.hpp"

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

problem unsupported(std::string detail) {
    return {.status = 415, .name = "unsupported-media-type", .detail = std::move(detail)};
}

// The media type without its parameters; empty where there is none.
result<std::string_view, problem> type_of(const request_head& head, std::string_view wanted) {
    std::optional<std::string_view> type;
    for (const header_field& field : head.fields) {
        if (!equals_ignoring_case(field.name, "content-type")) continue;
        if (type)
            return unsupported("There are two Content-Type headers. Send one: Content-Type: " + std::string(wanted));
        type = field.value;
    }
    return type.value_or(std::string_view());
}

bool is_type(std::string_view value, std::string_view type) {
    return equals_ignoring_case(trim(value.substr(0, value.find(';'))), type);
}

problem not_understood(std::string_view found, std::string_view advice) {
    if (found.empty()) return unsupported("There is no Content-Type. " + std::string(advice));
    return unsupported("The Content-Type is \"" + printable(found, 100) + "\". " + std::string(advice));
}

std::optional<problem> refuse_unless(std::string_view type, std::string_view what, const request_head& head) {
    const auto found = type_of(head, type);
    if (!found) return found.error();
    if (is_type(*found, type)) return {};
    return not_understood(*found, "Send " + std::string(what) + ", with the header Content-Type: " + std::string(type));
}

}  // namespace

result<coding, problem> coding_of(const request_head& head) {
    coding found = coding::none;
    for (const header_field& field : head.fields) {
        if (!equals_ignoring_case(field.name, "content-encoding") || equals_ignoring_case(field.value, "identity"))
            continue;
        if (found != coding::none)
            return unsupported(
                "There are two Content-Encoding headers. Send one, Content-Encoding: gzip, with a body that is packed "
                "once, or none with the body as it is.");
        if (!equals_ignoring_case(field.value, "gzip"))
            return unsupported("The Content-Encoding \"" + printable(field.value, 100) +
                               "\" is not understood. Send the body as it is, without a Content-Encoding header, or "
                               "with Content-Encoding: gzip.");
        found = coding::gzip;
    }
    return found;
}

std::optional<problem> refuse_unless_json(const request_head& head, std::string_view what) {
    return refuse_unless("application/json", std::string(what) + " as JSON", head);
}

result<batch_type, problem> batch_type_of(const request_head& head) {
    const auto found = type_of(head, "application/json");
    if (!found) return found.error();
    if (is_type(*found, "application/json")) return batch_type::json;
    if (is_type(*found, "application/x-ndjson")) return batch_type::ndjson;
    return not_understood(*found,
                          "Send an array of events with the header Content-Type: application/json, or an event a line "
                          "with Content-Type: application/x-ndjson");
}

std::optional<problem> refuse_unless_ndjson(const request_head& head) {
    if (std::optional<problem> wrong = refuse_unless("application/x-ndjson", "the events as JSON, one a line", head))
        return wrong;
    return refuse_coded(head);
}

std::optional<problem> refuse_coded(const request_head& head) {
    for (const header_field& field : head.fields)
        if (equals_ignoring_case(field.name, "content-encoding") && !equals_ignoring_case(field.value, "identity"))
            return unsupported("The Content-Encoding \"" + printable(field.value, 100) +
                               "\" is not understood here. Send the body as it is.");
    return {};
}

}  // namespace posthaste
