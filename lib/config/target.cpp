#include "lib/config/target.hpp"

#include <iterator>

#include <boost/algorithm/hex.hpp>

#include "lib/base/sha256.hpp"

namespace posthaste {

std::string target_of(const upstream_settings& upstream) {
    const sha256_digest digest = sha256(upstream.url.text() + "\n" + upstream.api_key);
    std::string hex;
    boost::algorithm::hex_lower(digest.begin(), digest.end(), std::back_inserter(hex));
    return hex;
}

}  // namespace posthaste
