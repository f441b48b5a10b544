#include "daemon/server/routes.hpp"

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/http/api_version.hpp"

namespace posthaste {

namespace {

bool segment_matches(std::string_view pattern, std::string_view segment) {
    if (pattern == "{version}") return is_api_version(segment);
    if (pattern.starts_with('{')) return !segment.empty();
    return pattern == segment;
}

// Takes the first segment off, which the leading "/" begins.
std::string_view next_segment(std::string_view& path) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    return segment;
}

problem not_found(const request_head& head) {
    return {.status = 404,
            .name = "not-found",
            .detail = "There is nothing at " + printable(head.path) + ". Events are posted to /run/event."};
}

problem method_not_allowed(const request_head& head, std::string allow) {
    return {
        .status = 405,
        .name = "method-not-allowed",
        .detail = printable(head.path) + " does not take " + printable(head.method, 20) + "; it takes " + allow + ".",
        .allow = allow};
}

}  // namespace

bool matches(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty())
        if (!segment_matches(next_segment(pattern), next_segment(path))) return false;
    return pattern.empty() && path.empty();
}

void path_router::add(std::string_view method, std::string_view pattern, access_scope scope, handler& to) {
    const bool exact = pattern.find('{') == std::string_view::npos;
    entries_.push_back({std::string(method), std::string(pattern), exact, {&to, scope}});
    if (method == "GET") entries_.push_back({"HEAD", std::string(pattern), exact, {&to, scope}});
}

result<route, problem> path_router::find(const request_head& head) {
    std::string allow;
    for (const entry& each : entries_) {
        if (each.exact ? each.pattern != head.path : !matches(each.pattern, head.path)) continue;
        if (each.method == head.method) return each.leads_to;
        if (!allow.empty()) allow += ", ";
        allow += each.method;
    }
    if (allow.empty()) return not_found(head);
    return method_not_allowed(head, std::move(allow));
}

}  // namespace posthaste
