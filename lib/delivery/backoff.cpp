#include "lib/delivery/backoff.hpp"

#include <algorithm>

namespace posthaste {

milliseconds longest_backoff(const retry_settings& retry, std::uint32_t failures) noexcept {
    constexpr std::uint32_t most_doublings = 62;
    const std::uint32_t doublings = failures == 0 ? 0 : failures - 1;
    // Compared by halving the maximum, as doubling the initial wait could overflow.
    const bool beyond = doublings > most_doublings || retry.initial.count() > (retry.max.count() >> doublings);
    const milliseconds longest = beyond ? retry.max : milliseconds{retry.initial.count() << doublings};
    return std::max(longest, milliseconds{1});
}

milliseconds backoff(const retry_settings& retry, std::uint32_t failures, std::uint64_t random) noexcept {
    const auto longest = static_cast<std::uint64_t>(longest_backoff(retry, failures).count());
    const std::uint64_t shortest = longest / 2;
    return milliseconds{static_cast<milliseconds::rep>(shortest + random % (longest - shortest + 1))};
}

}  // namespace posthaste
