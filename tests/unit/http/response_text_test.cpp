#include "lib/http/response_text.hpp"

#include <gtest/gtest.h>

#include "lib/http/raw_member.hpp"

namespace posthaste {
namespace {

wall_time at(std::int64_t milliseconds_since_epoch) {
    return wall_time(milliseconds(milliseconds_since_epoch));
}

TEST(date_line, is_an_imf_fixdate) {
    EXPECT_EQ(date_line(at(784111777000)), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    EXPECT_EQ(date_line(at(951782399999)), "Date: Mon, 28 Feb 2000 23:59:59 GMT\r\n");
    EXPECT_EQ(date_line(at(951782400000)), "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n");
}

std::string head_of(const answer_head& head) {
    std::string out;
    append_head(out, head);
    return out;
}

TEST(response_text, is_one_whole_head) {
    EXPECT_EQ(head_of({.status = 202,
                       .date = "Date: now\r\n",
                       .content_type = "application/json",
                       .content_length = 17,
                       .fields = "Location: /v1/events/1\r\n"}),
              "HTTP/1.1 202 Accepted\r\nDate: now\r\nContent-Type: application/json\r\nContent-Length: 17\r\n"
              "Location: /v1/events/1\r\nX-Content-Type-Options: nosniff\r\n\r\n");
}

TEST(response_text, tells_what_becomes_of_the_connection) {
    EXPECT_NE(head_of({.keep_alive = false}).find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(head_of({.keep_alive = true}).find("Connection:"), std::string::npos);
    EXPECT_NE(head_of({.minor_version = 0, .keep_alive = true}).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(raw_member, gives_the_bytes_as_they_are) {
    const std::string_view body =
        R"( { "event":"a\"b,}", "data" : { "n" : 12345678901234567890, "s":"}\\" } , "z":[1,{"data":2}]} )";
    EXPECT_EQ(raw_member(body, "data"), R"({ "n" : 12345678901234567890, "s":"}\\" })");
    EXPECT_EQ(raw_member(body, "event"), R"("a\"b,}")");
    EXPECT_EQ(raw_member(body, "z"), R"([1,{"data":2}])");
    EXPECT_EQ(raw_member(body, "n"), std::nullopt);
}

TEST(raw_member, knows_a_name_that_is_written_with_escapes) {
    EXPECT_EQ(raw_member(R"({"d\u0061ta": 1 })", "data"), "1");
}

TEST(raw_member, finds_nothing_in_what_is_no_object) {
    for (const char* text : {"", "[]", "1", "{}", " { } ", "{\"data\"", "{\"data\":"})
        EXPECT_TRUE(!raw_member(text, "data") || raw_member(text, "data")->empty()) << text;
}

}  // namespace
}  // namespace posthaste
