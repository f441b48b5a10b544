#include "lib/base/base64.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(base64, has_the_values_of_its_rfc) {
    EXPECT_EQ(base64_encoded(""), "");
    EXPECT_EQ(base64_encoded("f"), "Zg==");
    EXPECT_EQ(base64_encoded("fo"), "Zm8=");
    EXPECT_EQ(base64_encoded("foo"), "Zm9v");
    EXPECT_EQ(base64_encoded("foob"), "Zm9vYg==");
    EXPECT_EQ(base64_encoded("fooba"), "Zm9vYmE=");
    EXPECT_EQ(base64_encoded("foobar"), "Zm9vYmFy");
}

TEST(base64, takes_any_byte) {
    EXPECT_EQ(base64_encoded({"\0\xff\xfb\xef", 4}), "AP/77w==");
}

}  // namespace
}  // namespace posthaste
