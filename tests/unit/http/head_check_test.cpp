#include "lib/http/head_check.hpp"

#include <gtest/gtest.h>

#include "tests/unit/http/check_head.hpp"

namespace posthaste {
namespace {

constexpr std::string_view host = "Host: localhost:8650\r\n";

result<request_head, problem> checked(std::string_view head) {
    return check_head(head);
}

result<request_head, problem> with_fields(const std::string& fields) {
    static std::string head;
    head = "POST /run/event HTTP/1.1\r\n" + std::string(host) + fields + "\r\n";
    return check_head(head);
}

unsigned status_of(const std::string& fields) {
    const auto read = with_fields(fields);
    if (!read) {
        EXPECT_TRUE(read.error().close) << "a framing fault must end the connection";
        EXPECT_FALSE(read.error().detail.empty());
    }
    return read ? 200 : read.error().status;
}

unsigned status_of_line(const std::string& request_line) {
    const auto read = check_head(request_line + "\r\n" + std::string(host) + "\r\n");
    return read ? 200 : read.error().status;
}

TEST(head_check, reads_an_ordinary_request) {
    const auto read = checked(
        "POST /2023-12/run/event?a=b HTTP/1.1\r\nHost: localhost:8650\r\nContent-Type:application/json\r\n"
        "Content-Length: 42\r\nX-Api-Version:\t 2025-09 \t\r\n\r\n");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->method, "POST");
    EXPECT_EQ(read->target, "/2023-12/run/event?a=b");
    EXPECT_EQ(read->path, "/2023-12/run/event");
    EXPECT_EQ(read->query, "a=b");
    EXPECT_EQ(read->host, "localhost:8650");
    EXPECT_EQ(read->content_length, 42U);
    EXPECT_EQ(read->field("x-api-version"), "2025-09");
    EXPECT_EQ(read->fields.size(), 4U);
    EXPECT_TRUE(read->keep_alive);
    EXPECT_FALSE(read->chunked);
    EXPECT_TRUE(read->has_body());
}

TEST(head_check, reads_an_absolute_target) {
    const auto read = checked("GET http://localhost:8650?x HTTP/1.1\r\nHost: localhost:8650\r\n\r\n");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->scheme, "http");
    EXPECT_EQ(read->authority, "localhost:8650");
    EXPECT_EQ(read->path, "/");
    EXPECT_EQ(read->query, "x");
}

TEST(head_check, skips_one_empty_line_before_the_request_line_and_no_second_one) {
    EXPECT_TRUE(checked("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_FALSE(checked("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
}

TEST(head_check, reuses_what_it_is_given_without_a_trace_of_the_last_request) {
    request_head head;
    const std::string_view first = "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n";
    const std::string_view second = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
    ASSERT_FALSE(check_scanned_head(first, head));
    ASSERT_FALSE(check_scanned_head(second, head));
    EXPECT_EQ(head.host, "b");
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_FALSE(head.content_length);
    EXPECT_EQ(head.fields.size(), 1U);
}

TEST(head_check, takes_http_1_0_and_1_1_only) {
    EXPECT_EQ(status_of_line("GET / HTTP/1.1"), 200U);
    EXPECT_EQ(status_of_line("GET / HTTP/1.0"), 200U);
    for (const char* line : {"GET / HTTP/2.0", "GET / HTTP/1.2", "GET / http/1.1", "GET /", "GET / HTTP/1.1 ",
                             "GET / HTTP/01.1", "GET / HTTP/1.10", "GET / HTCPCP/1.0", "PRI * HTTP/2.0"})
        EXPECT_EQ(status_of_line(line), 400U) << line;
}

TEST(head_check, wants_one_space_on_each_side_of_the_target) {
    for (const char* line : {"GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1", "GET\t/ HTTP/1.1", "GET HTTP/1.1",
                             "GET / / HTTP/1.1"})
        EXPECT_EQ(status_of_line(line), 400U) << line;
}

TEST(head_check, refuses_a_method_that_is_no_token) {
    for (const char* line : {"G@T / HTTP/1.1", "GET: / HTTP/1.1", "(GET) / HTTP/1.1", "G\xc3\x89T / HTTP/1.1"})
        EXPECT_EQ(status_of_line(line), 400U) << line;
}

TEST(head_check, refuses_targets_that_are_neither_origin_nor_absolute_form) {
    for (const char* target :
         {"*", "localhost:8650", "run/event", "http://", "http:///run/event", "mailto:ada@example.com", "://localhost/",
          "1http://localhost/", "/a#b", "/a\\b", "/a\"b", "/a<b", "/a>b", "/%", "/%2", "/%zz", "ht|tp://localhost/"})
        EXPECT_EQ(status_of_line("GET " + std::string(target) + " HTTP/1.1"), 400U) << target;
    for (const char* target :
         {"/", "/a%2Fb", "/a;b=c", "/a?b=/c?d", "/~a/(b)'!*", "http://localhost/a", "/users/auth0|5f[1]^`{}?a[]=1|2"})
        EXPECT_EQ(status_of_line("GET " + std::string(target) + " HTTP/1.1"), 200U) << target;
}

TEST(head_check, names_the_first_character_of_a_target_that_needs_percent_encoding) {
    const auto detail = [](const std::string& target) {
        const auto read = checked("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_FALSE(read);
        return read ? "" : read.error().detail;
    };
    const std::string begin = "The request is not well-formed HTTP/1.1: the request target has ";
    const std::string coded = begin + "a character that needs percent-encoding: ";
    EXPECT_EQ(detail("/users/a\\b<c"), coded + "\\ is %5C.");
    EXPECT_EQ(detail("/a?b=#1"), coded + "# is %23.");
    EXPECT_EQ(detail("/caf\xc3\xa9"), coded + "\xc3\xa9 is %C3%A9.");
    EXPECT_EQ(detail("/a\xff"), coded + "\\xff is %FF.");
    EXPECT_EQ(detail("/a\x7f"), coded + "\\x7f is %7F.");
    EXPECT_EQ(detail("http://localhost/a\"b"), coded + "\" is %22.");
    EXPECT_EQ(detail("/100%"),
              begin + "a \"%\" that is not followed by two hexadecimal digits (the character itself is %25).");
    EXPECT_EQ(detail("run/event").find("encod"), std::string::npos);
}

TEST(head_check, refuses_authorities_that_no_host_can_be) {
    for (const char* authority : {"caf\xc3\xa9", "a\x7f", "a\\b", "a\"b", "a{b}", "a|b", "%zz"})
        EXPECT_EQ(status_of_line("GET http://" + std::string(authority) + "/a HTTP/1.1"), 400U) << authority;
    EXPECT_EQ(status_of_line("CONNECT localhost:8650 HTTP/1.1"), 400U);
}

TEST(head_check, refuses_targets_with_bytes_over_0x7e) {
    EXPECT_EQ(status_of_line("GET /caf\xc3\xa9 HTTP/1.1"), 400U);
    EXPECT_EQ(status_of_line("GET /a\x7f HTTP/1.1"), 400U);
    EXPECT_EQ(status_of_line("GET /?a=\xff HTTP/1.1"), 400U);
}

TEST(head_check, refuses_content_length_beside_transfer_encoding_in_either_order) {
    EXPECT_EQ(status_of("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400U);
    EXPECT_EQ(status_of("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400U);
    EXPECT_EQ(status_of("Transfer-Encoding: gzip\r\nContent-Length: 0\r\n"), 400U);
}

TEST(head_check, refuses_a_content_length_that_is_repeated_listed_or_not_plain_digits) {
    EXPECT_EQ(status_of("Content-Length: 5\r\nContent-Length: 5\r\n"), 400U);
    EXPECT_EQ(status_of("Content-Length: 5\r\ncontent-length: 6\r\n"), 400U);
    for (const char* value :
         {"5, 5", "5,5", "+5", "-5", "0x5", "5 5", "", "5.0", "5;", "\"5\"", "five", "5_000", "\xd9\xa5"})
        EXPECT_EQ(status_of("Content-Length: " + std::string(value) + "\r\n"), 400U) << value;
}

TEST(head_check, takes_a_content_length_beyond_64_bits_as_too_large_for_anyone) {
    const auto read = with_fields("Content-Length: 99999999999999999999999999\r\n");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->content_length, UINT64_MAX);
}

TEST(head_check, takes_chunked_alone_and_in_any_case) {
    for (const char* value : {"chunked", "Chunked", " \tchunked\t "}) {
        const auto read = with_fields("Transfer-Encoding:" + std::string(value) + "\r\n");
        ASSERT_TRUE(read) << value;
        EXPECT_TRUE(read->chunked);
    }
}

TEST(head_check, refuses_transfer_encoding_in_http_1_0) {
    const auto read = checked("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().status, 400U);
}

TEST(head_check, refuses_chunked_that_is_not_last_or_stands_twice) {
    EXPECT_EQ(status_of("Transfer-Encoding: chunked, gzip\r\n"), 400U);
    EXPECT_EQ(status_of("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), 400U);
    EXPECT_EQ(status_of("Transfer-Encoding: chunked, chunked\r\n"), 400U);
    EXPECT_EQ(status_of("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400U);
}

TEST(head_check, refuses_a_transfer_encoding_that_is_no_list_of_codings) {
    for (const char* value :
         {"", "chunked,", ",chunked", "\"chunked\"", "chunked;q=1", "chun ked", "gzip;", "gzip;q", "gzip;q=", "gzip;=1",
          "gzip;a=\"b", "gzip;a=\"b\\", "gzip;a=\"b\"c", "gzip;a=b c", ";a=b"})
        EXPECT_EQ(status_of("Transfer-Encoding: " + std::string(value) + "\r\n"), 400U) << value;
}

TEST(head_check, finds_chunked_that_is_not_last_behind_parameters) {
    EXPECT_EQ(status_of("Transfer-Encoding: chunked, gzip;a=\"b, chunked\"\r\n"), 400U);
    EXPECT_EQ(status_of("Transfer-Encoding: gzip;a=\"b, chunked\", chunked, chunked\r\n"), 400U);
}

TEST(head_check, answers_501_to_other_transfer_codings) {
    for (const char* value : {"gzip", "identity", "gzip, chunked", "xchunked", "chunked1", "gzip;q=0.5",
                              "foo;a=b, chunked", "foo ; a = \"b,\\\"c\" ;d=e,chunked", "foo;a=\"\""})
        EXPECT_EQ(status_of("Transfer-Encoding: " + std::string(value) + "\r\n"), 501U) << value;
}

TEST(head_check, wants_exactly_one_host) {
    EXPECT_EQ(checked("GET / HTTP/1.1\r\n\r\n").error().status, 400U);
    EXPECT_EQ(checked("GET / HTTP/1.0\r\n\r\n").error().status, 400U);
    EXPECT_EQ(status_of("Host: localhost:8650\r\n"), 400U);
    EXPECT_EQ(status_of("host: evil.example\r\n"), 400U);
}

TEST(head_check, refuses_a_host_that_no_host_can_be) {
    for (const char* value : {"a b", "a/b", "http://a", "a\"", "\xc3\xa9"})
        EXPECT_EQ(checked("GET / HTTP/1.1\r\nHost: " + std::string(value) + "\r\n\r\n").error().status, 400U) << value;
}

TEST(head_check, refuses_a_folded_header) {
    EXPECT_EQ(status_of("X-A: b\r\n c\r\n"), 400U);
    EXPECT_EQ(status_of("X-A: b\r\n\tc\r\n"), 400U);
    EXPECT_EQ(checked("GET / HTTP/1.1\r\n Host: a\r\n\r\n").error().status, 400U);
}

TEST(head_check, refuses_bare_line_ends_and_control_characters_wherever_they_are) {
    EXPECT_FALSE(checked("GET / HTTP/1.1\nHost: a\r\n\r\n"));
    EXPECT_FALSE(checked("GET / HTTP/1.1\r\nHost: a\n\r\n"));
    EXPECT_FALSE(checked("GET / HTTP/1.1\r\nHost: a\r\n\n"));
    EXPECT_FALSE(checked("GET / HTTP/1.1\rHost: a\r\n\r\n"));
    EXPECT_FALSE(checked("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"));
    EXPECT_EQ(status_of("X-A: b\rc\r\n"), 400U);
    EXPECT_EQ(status_of("X-A: b\nc\r\n"), 400U);
    for (char c = 1; c < 0x20; ++c)
        EXPECT_EQ(status_of("X-A: b" + std::string(1, c) + "c\r\n"), c == '\t' ? 200U : 400U) << int{c};
    EXPECT_EQ(status_of("X-A: b\x7f\r\n"), 400U);
    EXPECT_EQ(status_of(std::string("X-A: b\0c\r\n", 10)), 400U);
    EXPECT_EQ(status_of(std::string("X-\0A: b\r\n", 9)), 400U);
    EXPECT_EQ(status_of_line(std::string("GET /\0 HTTP/1.1", 15)), 400U);
}

TEST(head_check, refuses_a_space_before_the_colon_and_names_that_are_no_token) {
    for (const char* field : {"X-A : b", "X-A\t: b", ": b", "X A: b", "X(A): b", "X-A", "\xc3\xa9: b", "\"X\": b"})
        EXPECT_EQ(status_of(std::string(field) + "\r\n"), 400U) << field;
    EXPECT_EQ(status_of("Content-Length : 5\r\n"), 400U);
}

TEST(head_check, takes_values_of_any_printable_bytes_and_none) {
    EXPECT_EQ(status_of("X-A:\r\nX-B: caf\xc3\xa9 \"; =\r\n"), 200U);
}

TEST(head_check, keeps_the_connection_as_the_version_and_the_header_say) {
    EXPECT_TRUE(with_fields("")->keep_alive);
    EXPECT_FALSE(with_fields("Connection: close\r\n")->keep_alive);
    EXPECT_FALSE(with_fields("Connection: Keep-Alive, CLOSE\r\n")->keep_alive);
    EXPECT_FALSE(with_fields("Connection: close\r\nConnection: keep-alive\r\n")->keep_alive);
    EXPECT_FALSE(checked("GET / HTTP/1.0\r\nHost: a\r\n\r\n")->keep_alive);
    EXPECT_TRUE(checked("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
}

TEST(head_check, heeds_expect_100_continue_from_http_1_1_only) {
    EXPECT_TRUE(with_fields("Expect: 100-Continue\r\n")->expect_continue);
    EXPECT_FALSE(with_fields("Expect: something\r\n")->expect_continue);
    EXPECT_FALSE(checked("GET / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")->expect_continue);
}

TEST(head_scanner, finds_the_end_when_the_bytes_come_one_by_one) {
    const std::string head = "\r\nGET / HTTP/1.1\r\nHost: localhost\r\nX-A:\tb\r\n\r\n";
    const std::string bytes = head + "GET /next";
    head_scanner scanner;
    for (std::size_t size = 1; size < head.size(); ++size)
        ASSERT_EQ(scanner.scan(std::string_view(bytes).substr(0, size)), head_scanner::state::incomplete) << size;
    ASSERT_EQ(scanner.scan(std::string_view(bytes).substr(0, head.size())), head_scanner::state::complete);
    EXPECT_EQ(scanner.size(), head.size());
    head_scanner at_once;
    ASSERT_EQ(at_once.scan(bytes), head_scanner::state::complete);
    EXPECT_EQ(at_once.size(), head.size());
}

TEST(head_scanner, tells_at_the_first_byte_that_this_is_not_http) {
    head_scanner tls;
    EXPECT_EQ(tls.scan("\x16"), head_scanner::state::malformed);
    EXPECT_NE(tls.fault().find("TLS"), std::string_view::npos);
    head_scanner space;
    EXPECT_EQ(space.scan(" "), head_scanner::state::malformed);
}

TEST(head_scanner, tells_at_the_end_of_the_request_line_that_it_has_no_version) {
    head_scanner scanner;
    EXPECT_EQ(scanner.scan("GET /\r\n"), head_scanner::state::malformed);
}

TEST(head_scanner, tells_a_fault_before_the_head_is_whole) {
    for (const char* bytes : {"GET / HTTP/1.1\n", "GET / HTTP/1.1\rH", "GET / HTTP/1.1\r\nA: b\n", "GET /\x01"}) {
        head_scanner scanner;
        EXPECT_EQ(scanner.scan(bytes), head_scanner::state::malformed) << bytes;
    }
}

TEST(head_scanner, takes_16_kib_and_not_a_byte_more) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    const std::string fits = start + std::string(max_head_bytes - start.size() - 4, 'x') + "\r\n\r\n";
    const std::string over = start + std::string(max_head_bytes - start.size() - 3, 'x') + "\r\n\r\n";
    head_scanner first;
    EXPECT_EQ(first.scan(fits), head_scanner::state::complete);
    head_scanner second;
    EXPECT_EQ(second.scan(over), head_scanner::state::too_large);
    head_scanner growing;
    for (std::size_t size = 1000; size < max_head_bytes; size += 1000)
        ASSERT_EQ(growing.scan(std::string_view(over).substr(0, size)), head_scanner::state::incomplete);
    EXPECT_EQ(growing.scan(over.substr(0, max_head_bytes)), head_scanner::state::too_large);
    EXPECT_EQ(check_head(over).error().status, 431U);
}

}  // namespace
}  // namespace posthaste
