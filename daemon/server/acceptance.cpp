#include "daemon/server/acceptance.hpp"

#include "daemon/server/event_headers.hpp"
#include "daemon/server/refusals.hpp"
#include "lib/http/content_type.hpp"
#include "lib/http/idempotency.hpp"

namespace posthaste {

std::optional<problem> acceptance::refuse(const request_head& head) const {
    if (const auto how = coding_of(head); !how) return how.error();
    if (std::optional<problem> wrong = refuse_api_version(head)) return wrong;
    if (const auto key = idempotency_key_of(head); !key) return key.error();
    if (!refusing) return {};
    if (const std::optional<refusal> why = refusing()) return problem_of(*why);
    return {};
}

void acceptance::tell_of(const envelope& read) const {
    if (!read.mismatch.empty() && mismatched) mismatched(read);
}

void acceptance::note_duration(steady_time::duration took) const {
    if (durations != nullptr) durations->observe(took);
}

}  // namespace posthaste
