#include "lib/base/sha256.hpp"

#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "lib/base/require.hpp"

namespace posthaste {

namespace {

// Looked up once: finding the algorithm by its name costs more than hashing a token.
const EVP_MD* algorithm() noexcept {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> found(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                       EVP_MD_free);
    return found.get();
}

}  // namespace

sha256_digest sha256(std::string_view bytes) noexcept {
    // Kept by each thread: making one costs as much as hashing a token.
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    REQUIRE(state != nullptr, "there is memory for SHA-256");
    sha256_digest digest{};
    const bool done = EVP_DigestInit_ex2(state.get(), algorithm(), nullptr) == 1 &&
                      EVP_DigestUpdate(state.get(), bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(state.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1;
    REQUIRE(done, "SHA-256 can be computed");
    return digest;
}

bool equal_in_constant_time(const sha256_digest& a, const sha256_digest& b) noexcept {
    return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace posthaste
