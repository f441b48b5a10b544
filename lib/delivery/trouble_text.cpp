#include "lib/delivery/trouble_text.hpp"

namespace posthaste {

std::string trouble_text(const attempt_outcome& outcome) {
    if (!outcome.status) return "unreachable: " + outcome.message;
    const std::string answered = "the upstream answered " + std::to_string(*outcome.status);
    switch (*outcome.status) {
        case 401:
        case 402:
        case 403:
            return "key-refused: " + answered +
                   ": check the API key (upstream.api_key_file) and what its account may do";
        case 404:
        case 405:
            return "wrong-url: " + answered + ": check upstream.url";
        case 407:
            return "proxy-refused: a proxy on the way asks for credentials, or for others: check those in "
                   "upstream.proxy";
        case 429:
            return "asked-to-wait: " + answered + ": it limits how much it takes";
        default:
            if (*outcome.status >= 300 && *outcome.status < 400)
                return "redirected: " + answered + ", and a redirect is never followed: check upstream.url";
            if (outcome.retry_after) return "asked-to-wait: " + answered + " and named a time to come back";
            return "failing: " + answered;
    }
}

}  // namespace posthaste
