#include "lib/delivery/verdict.hpp"

namespace posthaste {

verdict judge(std::optional<int> status, std::uint32_t conflicts_before) noexcept {
    if (!status || *status < 200 || *status > 599) return verdict::retry;  // no answer, or none that HTTP knows
    if (*status < 300) return verdict::delivered;
    if (*status < 400) return verdict::pause;  // a redirect is never followed: the key must not leave for another host
    if (*status >= 500) return verdict::retry;
    switch (*status) {
        case 401:
        case 402:
        case 403:
        case 404:
        case 405:
        case 407:
            return verdict::pause;
        case 408:
        case 421:
        case 425:
        case 429:
            return verdict::retry;
        case 409:
            return conflicts_before + 1 >= conflicts_that_deliver ? verdict::delivered : verdict::retry;
        default:
            return verdict::dead;
    }
}

}  // namespace posthaste
