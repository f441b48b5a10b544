// Faults of the framing, byte by byte: each is answered, ends the connection, and nothing behind it is ever run.

#include "tests/system/support/raw_exchange.hpp"

namespace posthaste {
namespace {

class framing : public raw_exchange {};
POSTHASTE_THROUGH_BOTH_ENTRANCES(framing);

constexpr std::string_view malformed = "malformed-request";

TEST_P(framing, refuses_what_is_not_http_1_0_or_1_1) {
    for (const char* line : {"GET /livez HTTP/2.0", "GET /livez HTTP/1.2", "GET /livez HTTP/0.9", "GET /livez http/1.1",
                             "GET /livez", "PRI * HTTP/2.0", "GET /livez HTTP/1.1 ", " GET /livez HTTP/1.1"})
        expect(std::string(line) + "\r\n" + host() + "\r\n", 400, malformed, fate::closes);
    expect("\x16\x03\x01\x02\x00\x01", 400, malformed, fate::closes);  // TLS
    expect("\r\n\r\nGET /livez HTTP/1.1\r\n" + host() + "\r\n", 400, malformed, fate::closes);
}

TEST_P(framing, refuses_two_framings_of_one_body) {
    const std::string body = "0\r\n\r\n";
    for (const char* fields :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"})
        expect(request("POST /run/event", json_type() + fields, body), 400, malformed, fate::closes);
}

TEST_P(framing, refuses_a_content_length_that_is_repeated_listed_or_not_plain_digits) {
    for (const char* fields :
         {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\ncontent-length: 3\r\n"})
        expect(request("POST /run/event", json_type() + fields, "{}"), 400, malformed, fate::closes);
    for (const char* value : {"2, 2", "2,2", "+2", "-2", "0x2", "2 2", "", "2.0", "two"})
        expect(request("POST /run/event", json_type() + "Content-Length: " + value + "\r\n", "{}"), 400, malformed,
               fate::closes);
}

TEST_P(framing, refuses_a_transfer_encoding_in_http_1_0) {
    expect("POST /run/event HTTP/1.0\r\n" + host() + json_type() + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
           malformed, fate::closes);
}

TEST_P(framing, refuses_chunked_that_is_not_last_or_stands_twice) {
    for (const char* fields :
         {"Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: chunked, chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding: chunked,\r\n",
          "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding:\r\n"})
        expect(request("POST /run/event", json_type() + fields, "0\r\n\r\n"), 400, malformed, fate::closes);
}

TEST_P(framing, answers_501_to_any_other_transfer_coding) {
    for (const char* coding : {"gzip", "identity", "gzip, chunked", "xchunked", "deflate"})
        expect(request("POST /run/event", json_type() + "Transfer-Encoding: " + coding + "\r\n"), 501,
               "unsupported-transfer-coding", fate::closes);
}

TEST_P(framing, refuses_line_ends_and_bytes_that_no_head_has) {
    const std::string nul(1, '\0');
    for (const std::string& field :
         {std::string("X-A: b\r\n folded"), std::string("X-A: b\r\n\tfolded"), std::string("X-A: b\nX-B: c"),
          std::string("X-A: b\rX-B: c"), "X-A: b" + nul + "c", "X" + nul + ": b", std::string("X-A : b"),
          std::string("X-A\t: b"), std::string(" X-A: b"), std::string("X A: b"), std::string(": b"),
          std::string("X-A"), std::string("X-A: \x01"), std::string("X-A: \x7f")})
        expect(request("GET /livez", field + "\r\n"), 400, malformed, fate::closes);
    expect("GET /livez HTTP/1.1\n" + host() + "\r\n", 400, malformed, fate::closes);
    expect("GET /livez HTTP/1.1\r" + host() + "\r\n", 400, malformed, fate::closes);
    expect("GET /livez HTTP/1.1\r\nHost: localhost\n\n", 400, malformed, fate::closes);
    expect("GET /li" + nul + "vez HTTP/1.1\r\n" + host() + "\r\n", 400, malformed, fate::closes);
}

TEST_P(framing, refuses_a_request_with_no_host_or_two) {
    expect("GET /livez HTTP/1.1\r\n\r\n", 400, malformed, fate::closes);
    expect("GET /livez HTTP/1.0\r\n\r\n", 400, malformed, fate::closes);
    expect(request("GET /livez", host()), 400, malformed, fate::closes);
    expect(request("GET /livez", "Host: evil.example\r\n"), 400, malformed, fate::closes);
}

TEST_P(framing, refuses_targets_that_are_neither_origin_nor_absolute_form) {
    for (const char* target : {"*", "livez", "localhost:8650", "http://", "http:///livez", "mailto:ada@example.com",
                               "/livez#top", "/caf\xc3\xa9", "/livez?\xff", "/a\\b", "/%zz"})
        expect(request("GET " + std::string(target), ""), 400, malformed, fate::closes);
    expect(request("CONNECT localhost:443", ""), 400, malformed, fate::closes);
}

TEST_P(framing, refuses_trailers) {
    expect(chunked("2\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n"), 400, malformed, fate::closes);
}

TEST_P(framing, refuses_bad_chunk_headers) {
    for (const char* size : {"2 ", " 2", "0x2", "+2", "-2", "2g", "", ";a", "2 ;a", "two", "2,2", "FFFFFFFFFFFFFFFFF",
                             "10000000000000002"})
        expect(chunked(std::string(size) + "\r\n{}\r\n0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("2\n{}\r\n0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("2\r{}\r\n0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("2;a\nb\r\n{}\r\n0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("2\r\n{}\n0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("2\r\n{}0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("1\r\n{}\r\n0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked("2\r\n{}\r\n0\r\n\n"), 400, malformed, fate::closes);
}

TEST_P(framing, refuses_a_chunk_header_over_256_bytes_even_while_it_comes) {
    expect(chunked("2;" + std::string(300, 'a') + "\r\n{}\r\n0\r\n\r\n"), 400, malformed, fate::closes);
    expect(chunked(std::string(300, '0') + "2\r\n{}\r\n0\r\n\r\n"), 400, malformed, fate::closes);
    raw_socket endless = connect();
    ASSERT_TRUE(endless.send(chunked("2;" + std::string(300, 'a'))));
    const auto answer = endless.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 400);
    EXPECT_TRUE(endless.closed_by_peer());
}

TEST_P(framing, takes_what_is_unusual_and_right) {
    const std::string event = sample_event();
    char size[20];
    std::snprintf(size, sizeof size, "%zX", event.size());
    expect(chunked(std::string("000") + size + ";ext=\"a;b\"\r\n" + event + "\r\n0;last\r\n\r\n"), 202, "",
           fate::stays);
    expect(posted(event, "X-Empty:\r\nX-Latin: caf\xe9\r\n"), 202, "", fate::stays);
    expect("\r\n" + posted(event), 202, "", fate::stays);
    expect(request("POST http://localhost:" + std::to_string(daemon->port()) + "/run/event",
                   json_type() + "Content-Length: " + std::to_string(event.size()) + "\r\n", event),
           202, "", fate::stays);
    expect(request("POST /2023-12/run/event?trace=1",
                   json_type() + "content-length: " + std::to_string(event.size()) + "\r\n", event),
           202, "", fate::stays);
}

}  // namespace
}  // namespace posthaste
