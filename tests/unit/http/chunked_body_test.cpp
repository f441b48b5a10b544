#include "lib/http/chunked_body.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

using state = chunked_body::state;

struct outcome {
    state last;
    std::string body;
    std::size_t used = 0;
};

outcome decoded(std::string_view bytes, std::uint64_t limit = 1000) {
    chunked_body decoder(limit);
    outcome got{};
    got.last = decoder.decode(bytes, got.body);
    got.used = decoder.used();
    EXPECT_EQ(got.last == state::malformed, !decoder.fault().empty());
    return got;
}

TEST(chunked_body, joins_the_chunks_and_leaves_the_next_request_alone) {
    const std::string_view whole = "5\r\nhello\r\nA;name=\"v;a\"\r\n, 1234567\r\n\r\n0\r\n\r\n";
    const auto got = decoded(std::string(whole) + "POST /run");
    EXPECT_EQ(got.last, state::malformed);  // the second chunk's size is wrong by one
    const std::string_view right = "5\r\nhello\r\n9;name=\"v;a\"\r\n, 1234567\r\n000\r\n\r\n";
    const auto read = decoded(std::string(right) + "POST /run");
    EXPECT_EQ(read.last, state::complete);
    EXPECT_EQ(read.body, "hello, 1234567");
    EXPECT_EQ(read.used, right.size());
}

TEST(chunked_body, does_not_care_how_the_bytes_are_cut) {
    const std::string bytes = "b;x\r\nhello world\r\n1\r\n!\r\n0;y=z\r\n\r\n";
    chunked_body decoder(100);
    std::string body;
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
        ASSERT_EQ(decoder.decode(std::string_view(bytes).substr(i, 1), body), state::incomplete) << i;
    EXPECT_EQ(decoder.decode(bytes.substr(bytes.size() - 1), body), state::complete);
    EXPECT_EQ(body, "hello world!");
}

TEST(chunked_body, refuses_every_size_that_two_decoders_could_read_differently) {
    for (const char* header :
         {"5 ", " 5", "0x5", "+5", "-5", "5g", "5 ;a", "", ";a", "5,", "5\t", "five", "5\"", "5.", "5h"})
        EXPECT_EQ(decoded(std::string(header) + "\r\nhello\r\n0\r\n\r\n").last, state::malformed) << header;
}

TEST(chunked_body, refuses_a_size_beyond_64_bits) {
    EXPECT_EQ(decoded("FFFFFFFFFFFFFFFFF\r\n").last, state::malformed);
    EXPECT_EQ(decoded("10000000000000005\r\nhello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("FFFFFFFFFFFFFFFF\r\n").last, state::too_large);
}

TEST(chunked_body, refuses_bare_line_ends) {
    EXPECT_EQ(decoded("5\nhello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\rhello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5;a\nhello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5;a\rb\r\nhello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello\r0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello\r\n0\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello\r\n0\r\n\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello\r\n0\r\n\rX").last, state::malformed);
}

TEST(chunked_body, refuses_any_other_byte_in_the_place_of_cr_or_lf) {
    EXPECT_EQ(decoded("5\r.hello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5;a\r.hello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello.\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello\r.0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5\r\nhello\r\n0\r.\r\n").last, state::malformed);
}

TEST(chunked_body, does_not_take_a_missing_size_for_0) {
    for (const char* bytes : {"\r\n\r\n", ";a\r\n\r\n", "5\r\nhello\r\n\r\n\r\n"})
        EXPECT_EQ(decoded(bytes).last, state::malformed) << bytes;
}

TEST(chunked_body, refuses_data_that_does_not_end_where_its_size_says) {
    EXPECT_EQ(decoded("5\r\nhello0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("4\r\nhello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("6\r\nhello\r\n0\r\n\r\n").last, state::malformed);
}

TEST(chunked_body, refuses_trailers) {
    EXPECT_EQ(decoded("5\r\nhello\r\n0\r\nX: y\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("0\r\n \r\n").last, state::malformed);
}

TEST(chunked_body, refuses_control_characters_in_a_header) {
    EXPECT_EQ(decoded(std::string("5;a\0b\r\nhello\r\n0\r\n\r\n", 19)).last, state::malformed);
    EXPECT_EQ(decoded("5;a\x7f\r\nhello\r\n0\r\n\r\n").last, state::malformed);
    EXPECT_EQ(decoded("5;a\tb\r\nhello\r\n0\r\n\r\n").last, state::complete);
}

TEST(chunked_body, takes_a_header_of_256_bytes_and_not_one_of_257) {
    const std::string fits = "5;" + std::string(254, 'a');
    ASSERT_EQ(fits.size(), max_chunk_header_bytes) << "its CR LF is not counted";
    EXPECT_EQ(decoded(fits + "\r\nhello\r\n0\r\n\r\n").last, state::complete);
    EXPECT_EQ(decoded(fits + "a\r\nhello\r\n0\r\n\r\n").last, state::malformed);
}

TEST(chunked_body, refuses_an_endless_header_while_it_still_comes) {
    chunked_body decoder(100);
    std::string body;
    EXPECT_EQ(decoder.decode("5;" + std::string(200, 'a'), body), state::incomplete);
    EXPECT_EQ(decoder.decode(std::string(200, 'a'), body), state::malformed);
    EXPECT_EQ(decoded(std::string(300, '0')).last, state::malformed);
}

TEST(chunked_body, counts_each_header_for_itself) {
    std::string bytes;
    for (int i = 0; i < 100; ++i)
        bytes += "1;" + std::string(200, 'a') + "\r\nx\r\n";
    const auto got = decoded(bytes + "0\r\n\r\n");
    EXPECT_EQ(got.last, state::complete);
    EXPECT_EQ(got.body, std::string(100, 'x'));
}

TEST(chunked_body, is_too_large_as_soon_as_a_size_says_so) {
    EXPECT_EQ(decoded("5\r\nhello\r\n0\r\n\r\n", 5).last, state::complete);
    EXPECT_EQ(decoded("6\r\n", 5).last, state::too_large);
    EXPECT_EQ(decoded("3\r\nhel\r\n3\r\n", 5).last, state::too_large);
    EXPECT_EQ(decoded("0\r\n\r\n", 0).last, state::complete);
}

}  // namespace
}  // namespace posthaste
