#include "lib/identity/identity_rules.hpp"

#include <algorithm>

#include "lib/base/sha256.hpp"

namespace posthaste {
namespace {

// An answer that says nothing of the user.
bool tells_nothing(int status) {
    switch (status) {
        case 401:
        case 403:
        case 407:
        case 429:
            return true;
        default:
            return status < 200 || status / 100 == 3 || status >= 500;
    }
}

}  // namespace

identity_key key_of(std::string_view target, const user_lookup& what) {
    std::string text(target);  // hexadecimal digits: what follows cannot be taken for a part of it
    text.append("\n").append(what.api_version).append("\n").append(what.path);
    const sha256_digest digest = sha256(text);
    identity_key key;
    std::copy_n(digest.begin(), key.size(), reinterpret_cast<char*>(key.data()));
    return key;
}

bool is_fresh(const kept_identity& kept, wall_time now, milliseconds max_age) noexcept {
    return kept.fetched_at <= now && now - kept.fetched_at < max_age;
}

identity_verdict judge(const lookup_outcome& what, bool has_kept) noexcept {
    const std::optional<int> status = what.asked ? what.outcome.status : std::nullopt;
    const bool whole = what.outcome.answer && !what.outcome.answer->is_cut;
    if (!status || tells_nothing(*status) || !whole)
        return has_kept ? identity_verdict::serve_kept : identity_verdict::unavailable;
    if (*status == 404 || *status == 410) return identity_verdict::pass_and_erase;
    const bool keeps = *status == 200 && !what.target.empty();
    if (keeps && what.outcome.answer->body.size() <= largest_kept_identity) return identity_verdict::pass_and_keep;
    return identity_verdict::pass;
}

}  // namespace posthaste
