// A proxy's answer to CONNECT.

#include "lib/http/connect_answer.hpp"

#include <string>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

constexpr std::string_view established = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";

TEST(connect_answer, ends_with_its_empty_line) {
    for (std::size_t size = 0; size < established.size(); ++size)
        EXPECT_FALSE(read_connect_answer(established.substr(0, size))) << size;
    const auto read = read_connect_answer(std::string(established) + "more");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->status, 200);
    EXPECT_EQ(read->size, established.size());
}

TEST(connect_answer, has_its_status_with_or_without_a_reason) {
    EXPECT_EQ(read_connect_answer("HTTP/1.0 407 Proxy Authentication Required\r\n\r\n")->status, 407);
    EXPECT_EQ(read_connect_answer("HTTP/1.1 503 \r\nContent-Length: 5\r\n\r\n")->status, 503);
    EXPECT_EQ(read_connect_answer("HTTP/1.1 502\r\n\r\n")->status, 502);
}

TEST(connect_answer, comes_after_interim_ones) {
    const std::string bytes = "HTTP/1.1 102 Wait\r\n\r\n" + std::string(established);
    EXPECT_FALSE(read_connect_answer(std::string_view(bytes).substr(0, 21)));
    const auto read = read_connect_answer(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->status, 200);
    EXPECT_EQ(read->size, bytes.size());
}

TEST(connect_answer, that_is_no_http_is_told_at_once) {
    for (const std::string_view bytes : {"SSH-2.0", "\x15\x03\x01", "HTTP/2", "HTTP/1.1x200 OK\r\n\r\n",
                                         "HTTP/1.1 2xx OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1\r\n\r\n"}) {
        const auto read = read_connect_answer(bytes);
        ASSERT_TRUE(read) << bytes;
        EXPECT_EQ(read->status, 0) << bytes;
    }
}

}  // namespace
}  // namespace posthaste
