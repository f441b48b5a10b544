// The scanner reads what is ordinary, and gives up on what it does not know to be sound.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/event/envelope.hpp"
#include "lib/event/envelope_reader.hpp"
#include "tests/unit/event/support.hpp"

namespace posthaste {
namespace {

bool read_plainly(std::string_view body, const event_catalog& catalog = {}) {
    return envelope_reader(body, catalog).read_plainly();
}

std::string with_data(const std::string& data) {
    return R"({"event": "e", "userId": "u", "data": )" + data + "}";
}

TEST(plain_scanner, reads_what_applications_send) {
    for (const char* data :
         {"{}", "{\"a\":1}", " { \"a\" : [ 1 , -2.50 , 0 , -0 , true , false , null , \"\" , [ ] , { } ] } ",
          R"({"text": "a \"quote\", a \\ and a \/, \b\f\n\r\t, \u00e9, \u0000, \uD83D\uDE00"})",
          R"({"é": "ü 中文 😀"})", R"({"id": 12345678901234567890123})", "{\"a\":{\"b\":{\"c\":[[[[]]]]}}}"}) {
        EXPECT_TRUE(read_plainly(with_data(data))) << data;
    }
    EXPECT_TRUE(read_plainly("\r\n\t {\"data\":{},\"event\":\"e\",\"userId\":\"u\"}\n"));
}

TEST(plain_scanner, gives_up_on_what_the_parser_is_to_judge) {
    const std::string deep(64, '[');
    for (const std::string& data : std::vector<std::string>{"{",
                                                            "{}}",
                                                            "{} {}",
                                                            "{\"a\"}",
                                                            "{\"a\":}",
                                                            "{\"a\":1,}",
                                                            "{,}",
                                                            "{\"a\" 1}",
                                                            "{a:1}",
                                                            "{'a':1}",
                                                            "{\"a\":01}",
                                                            "{\"a\":-}",
                                                            "{\"a\":1.}",
                                                            "{\"a\":.5}",
                                                            "{\"a\":+1}",
                                                            "{\"a\":1e3}",
                                                            "{\"a\":NaN}",
                                                            "{\"a\":tru}",
                                                            "{\"a\":True}",
                                                            "{\"a\":[1 2]}",
                                                            "{\"a\":[1,]}",
                                                            "{\"a\":[}",
                                                            "{\"a\":\"",
                                                            "{\"a\":\"\\",
                                                            "{\"a\":\"\\x\"}",
                                                            "{\"a\":\"\\u12\"}",
                                                            "{\"a\":\"\\u12G4\"}",
                                                            "{\"a\":\"\\ud800\"}",
                                                            "{\"a\":\"\\udc00\"}",
                                                            "{\"a\":\"\\ud800\\ud800\"}",
                                                            "{\"a\":\"\\ud800x\"}",
                                                            "{\"a\":\"\t\"}",
                                                            "{\"a\":\"\x1f\"}",
                                                            "{\"a\":\"\xc3\"}",
                                                            "{\"a\":\"\xc0\xaf\"}",
                                                            "{\"a\":\"\xed\xa0\x80\"}",
                                                            "{\"a\":\"\xf4\x90\x80\x80\"}",
                                                            "{\"a\":1,\"a\":2}",
                                                            "{\"\\u0061\":1}",
                                                            "{\"a\":" + std::string(301, '1') + "}",
                                                            "{\"a\":" + deep + std::string(64, ']') + "}",
                                                            "[]",
                                                            "\"\"",
                                                            "null",
                                                            "/**/{}"}) {
        EXPECT_FALSE(read_plainly(with_data(data))) << data;
    }
    for (const char* body : {"", " ", "{}", "[]", "\xef\xbb\xbf{\"event\":\"e\",\"userId\":\"u\",\"data\":{}}",
                             R"({"event":"\u0065","userId":"u","data":{}})", R"({"event":"","userId":"u","data":{}})",
                             R"({"event":"e","userId":null,"data":{}})", R"({"event":"e","userId":"u"})"}) {
        EXPECT_FALSE(read_plainly(body)) << body;
    }
    using namespace std::string_literals;
    EXPECT_FALSE(read_plainly(with_data("{\"a\":\"\0\"}"s)));
    EXPECT_FALSE(read_plainly(with_data("{}") + "\0"s));
}

TEST(plain_scanner, leaves_escapes_that_matter_to_the_parser) {
    event_catalog catalog;
    catalog.schemas.emplace("e", schema_of(R"({"at": "Date"})"));
    const std::string date = R"({"at": "2026\u002d11-23T13:05:09Z"})";
    for (const std::string& body :
         {with_data(date), R"({"data": )" + date + R"(, "userId": "\u0075", "event": "\u0065"})"}) {
        const auto read = read_envelope(body, catalog);
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_EQ(read->event, "e");
        EXPECT_EQ(read->user_id, "u");
    }
    EXPECT_FALSE(read_envelope(with_data(R"({"at": "2026-11-23"})"), catalog));
}

}  // namespace
}  // namespace posthaste
