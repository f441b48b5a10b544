#include "lib/http/gunzip.hpp"

#include <gtest/gtest.h>

#include "tests/system/support/gzip.hpp"

namespace posthaste {
namespace {

gunzip::state unpacked(const std::string& packed, std::uint64_t most, std::string& text, std::size_t step = 7) {
    gunzip reader(packed, most);
    auto found = gunzip::state::more;
    while (found == gunzip::state::more)
        found = reader.unpack(step);
    text = reader.take();
    return found;
}

TEST(gunzip, gives_back_what_was_packed_whatever_the_step) {
    const std::string body = R"({"event": "Ticket Created", "n": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]})";
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        std::string text;
        EXPECT_EQ(unpacked(gzipped(body), 1000, text, step), gunzip::state::whole) << step;
        EXPECT_EQ(text, body);
    }
    std::string text = "x";
    EXPECT_EQ(unpacked(gzipped(""), 1000, text), gunzip::state::whole);
    EXPECT_EQ(text, "");
}

TEST(gunzip, gives_up_at_one_byte_too_many) {
    std::string text;
    const std::string packed = gzipped(std::string(1000, 'a'));
    EXPECT_EQ(unpacked(packed, 1000, text, 64), gunzip::state::whole);
    EXPECT_EQ(unpacked(packed, 999, text, 64), gunzip::state::too_large);
    EXPECT_EQ(text.size(), 1000U) << "no more than that was unpacked";
}

TEST(gunzip, joins_members_that_stand_one_behind_the_other) {
    const std::string nothing = gzipped("");
    const std::string packed = nothing + gzipped("some text, ") + nothing + nothing + gzipped("and more") + nothing;
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        std::string text;
        EXPECT_EQ(unpacked(packed, 19, text, step), gunzip::state::whole) << step;
        EXPECT_EQ(text, "some text, and more");
        EXPECT_EQ(unpacked(packed, 18, text, step), gunzip::state::too_large) << "the bound is of all together";
    }
}

TEST(gunzip, tells_what_is_cut_off_damaged_or_followed_by_more) {
    const std::string packed = gzipped("some text that is packed");
    std::string text;
    for (std::size_t size = 0; size < packed.size(); ++size)
        EXPECT_EQ(unpacked(packed.substr(0, size), 1000, text), gunzip::state::broken) << size;
    EXPECT_EQ(unpacked(packed + "x", 1000, text), gunzip::state::broken);
    for (std::size_t size = 1; size < packed.size(); ++size)
        EXPECT_EQ(unpacked(packed + packed.substr(0, size), 1000, text), gunzip::state::broken) << size;
    EXPECT_EQ(unpacked("no gzip at all, is it", 1000, text), gunzip::state::broken);
    std::string damaged = packed;
    damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
    EXPECT_EQ(unpacked(damaged, 1000, text), gunzip::state::broken);
}

}  // namespace
}  // namespace posthaste
