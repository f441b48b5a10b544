#include "lib/base/sha256.hpp"

#include <string>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

std::string hex(const sha256_digest& digest) {
    std::string text;
    for (const char byte : digest) {
        constexpr char digits[] = "0123456789abcdef";
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

// FIPS 180-4's own examples, and the empty message.
TEST(sha256, gives_the_digests_of_the_standard) {
    EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(sha256, compares_every_byte) {
    const sha256_digest digest = sha256("abc");
    EXPECT_TRUE(equal_in_constant_time(digest, sha256("abc")));
    for (std::size_t at = 0; at < digest.size(); ++at) {
        sha256_digest other = digest;
        other[at] = static_cast<char>(other[at] ^ 1);
        EXPECT_FALSE(equal_in_constant_time(digest, other)) << at;
    }
}

}  // namespace
}  // namespace posthaste
