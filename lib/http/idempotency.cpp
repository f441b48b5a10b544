#include "lib/http/idempotency.hpp"

#include <algorithm>
#include <string>

#include "lib/base/sha256.hpp"
#include "lib/base/text.hpp"

namespace posthaste {
namespace {

std::array<std::uint8_t, 16> half_of(const sha256_digest& digest) {
    std::array<std::uint8_t, 16> half;
    std::copy_n(digest.begin(), half.size(), reinterpret_cast<char*>(half.data()));
    return half;
}

}  // namespace

bool is_idempotency_key(std::string_view value) noexcept {
    return !value.empty() && value.size() <= longest_idempotency_key &&
           std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7f; });
}

result<std::optional<std::string_view>, problem> idempotency_key_of(const request_head& head) {
    std::optional<std::string_view> key;
    for (const header_field& field : head.fields) {
        if (!equals_ignoring_case(field.name, "idempotency-key")) continue;
        if (key || !is_idempotency_key(field.value))
            return problem{.status = 400,
                           .name = "invalid-header",
                           .detail =
                               "The Idempotency-Key header must stand once and be 1 to 255 visible ASCII "
                               "characters without a space, for example a UUID."};
        key = field.value;
    }
    return key;
}

idempotency idempotency_of(std::string_view key, std::string_view sender, std::string_view path,
                           std::string_view body) {
    std::string whose(sender);  // a digest or nothing: what follows cannot be taken for a part of it
    whose.append(1, ' ').append(key);
    std::string what(path);
    what.append(1, ' ').append(bytes_of(sha256(body)));
    return {half_of(sha256(whose)), half_of(sha256(what))};
}

}  // namespace posthaste
