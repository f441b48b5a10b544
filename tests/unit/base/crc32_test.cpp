#include "lib/base/crc32.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(crc32, is_the_one_of_zlib_and_png) {
    crc32 sum;
    EXPECT_EQ(sum.value(), 0u);
    sum.add("123456789");
    EXPECT_EQ(sum.value(), 0xCBF43926u);
}

TEST(crc32, does_not_depend_on_how_bytes_are_cut) {
    crc32 sum;
    sum.add("1234");
    sum.add("");
    sum.add({});
    sum.add("56789");
    EXPECT_EQ(sum.value(), 0xCBF43926u);
}

}  // namespace
}  // namespace posthaste
