#include "lib/http/bearer.hpp"

#include <algorithm>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

using outcome = result<std::string_view, std::string_view>;

outcome refused(std::string_view why) {
    return {boost::system::in_place_error, why};
}

outcome token_of(std::string_view value) {
    const std::string_view scheme = value.substr(0, value.find(' '));
    if (!equals_ignoring_case(scheme, "Bearer")) return refused("has an Authorization header of another scheme");
    std::string_view token = value.substr(scheme.size());
    token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
    if (token.empty()) return refused("has an Authorization header without a token");
    return {boost::system::in_place_value, token};
}

}  // namespace

outcome bearer_token(const request_head& head) {
    const header_field* found = nullptr;
    for (const header_field& each : head.fields) {
        if (!equals_ignoring_case(each.name, "authorization")) continue;
        if (found) return refused("has more than one Authorization header");
        found = &each;
    }
    if (!found) return refused("has no Authorization header");
    return token_of(found->value);
}

}  // namespace posthaste
