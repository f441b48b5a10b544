#include "lib/delivery/verdict.hpp"

namespace posthaste {
namespace {

constexpr int conflict = 409;
constexpr int too_many_requests = 429;
constexpr int unavailable = 503;

verdict judge_client_error(int status, const verdict_facts& facts) noexcept {
    switch (status) {
        case 401:
        case 402:
        case 407:
            return verdict::pause;
        case 403:
        case 404:
        case 405:
            // A wrong URL or key says so from the beginning; later it is about the one event.
            return facts.reached_before ? verdict::dead : verdict::pause;
        case 408:
        case 421:
        case 425:
        case too_many_requests:
            return verdict::retry;
        case conflict:
            return facts.conflicts_before + 1 >= conflicts_that_deliver ? verdict::delivered : verdict::retry;
        default:
            return verdict::dead;
    }
}

}  // namespace

verdict judge(std::optional<int> status, const verdict_facts& facts, const std::map<int, verdict>& overrides) noexcept {
    if (!status || *status < 200 || *status > 599) return verdict::retry;  // no answer, or none that HTTP knows
    if (const auto given = overrides.find(*status); given != overrides.end()) return given->second;
    if (*status < 300) return verdict::delivered;
    if (*status < 400) return verdict::pause;  // a redirect is never followed: the key must not leave for another host
    if (*status >= 500) return verdict::retry;
    return judge_client_error(*status, facts);
}

bool is_hold(const attempt_outcome& outcome, verdict meaning) noexcept {
    if (meaning != verdict::retry || !outcome.status) return false;
    return *outcome.status == too_many_requests || (*outcome.status == unavailable && outcome.retry_after);
}

bool is_failure_of_upstream(std::optional<int> status, verdict meaning) noexcept {
    return meaning == verdict::retry && status != conflict;
}

}  // namespace posthaste
