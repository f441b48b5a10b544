#include "daemon/server/admission.hpp"

#include "lib/base/quantity.hpp"

namespace posthaste {

result<handler*, problem> admit(const request_head& head, const host_rules& hosts, std::uint16_t port, router& routes) {
    if (std::optional<problem> wrong = hosts.judge(head, port)) return std::move(*wrong);
    result<handler*, problem> found = routes.route(head);
    if (!found) return found;
    if (std::optional<problem> wrong = (*found)->refuse(head)) return std::move(*wrong);
    const std::uint64_t limit = (*found)->body_limit();
    if (head.content_length.value_or(0) > limit) return body_too_large(limit);
    return found;
}

problem body_too_large(std::uint64_t limit) {
    return {.status = 413,
            .name = "body-too-large",
            .detail = "The body is over the " + size_text(limit) +
                      " that are taken here. Send less in one request, or raise limits.body.",
            .close = true};
}

}  // namespace posthaste
