#include "lib/metrics/measures.hpp"

#include <algorithm>

#include "lib/http/api_version.hpp"

namespace posthaste {

namespace {

bool is_event_path(std::string_view path) {
    constexpr std::size_t version_size = 7;
    if (path.starts_with('/') && is_api_version(path.substr(1, version_size))) path.remove_prefix(1 + version_size);
    return path == "/run/event" || path == "/run/events";
}

constexpr std::array<std::string_view, 4> no_refusals = {"malformed-request", "head-too-large",
                                                         "unsupported-transfer-coding", "delivery-failed"};

}  // namespace

void count_refusal(accept_measures& into, const request_head& head, const problem& why) {
    if (head.method != "POST" || !is_event_path(head.path)) return;
    if (std::ranges::find(no_refusals, why.name) == no_refusals.end()) count(into.rejected, why.name);
}

}  // namespace posthaste
