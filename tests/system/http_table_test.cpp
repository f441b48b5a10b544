// What else can be wrong with a request, byte by byte: what it gets, and that the connection lives on where it may.

#include <deque>

#include "tests/system/support/raw_exchange.hpp"

namespace posthaste {
namespace {

class http_table : public raw_exchange {};
POSTHASTE_THROUGH_BOTH_ENTRANCES(http_table);
class cross_origin : public raw_exchange {};
POSTHASTE_THROUGH_BOTH_ENTRANCES(cross_origin);

TEST_P(http_table, malformed_json_is_400_and_names_the_place) {
    const std::string nul(1, '\0');
    const std::string start = R"({"event": "e", "userId": "u", "data": {"x": )";
    std::string deep;
    for (int i = 0; i < 63; ++i)  // with the two objects around it: 65
        deep = "[" + deep + "]";
    for (const std::string& body : {std::string(),
                                    std::string("{"),
                                    std::string("nonsense"),
                                    start + "}",
                                    start + "1}} trailing",
                                    start + "1}}{}",
                                    start + "NaN}}",
                                    start + "1e400}}",
                                    start + "01}}",
                                    start + "'a'}}",
                                    start + "\"\xff\"}}",
                                    start + "\"\xc3\"}}",
                                    start + "\"\xed\xa0\x80\"}}",
                                    start + "\"\\ud800\"}}",
                                    start + "\"\\udc00x\"}}",
                                    "\xef\xbb\xbf" + start + "1}}",
                                    start + "1, \"x\": 2}}",
                                    start + "1}, \"event\": \"f\"}",
                                    start + "{\"a\": 1, \"\\u0061\": 2}}}",
                                    start + "1}}" + nul,
                                    nul + start + "1}}",
                                    start + "\"a" + nul + "b\"}}",
                                    start + "\"a\nb\"}}",
                                    start + deep + "}}"})
        expect(posted(body), 400, "malformed-json", fate::stays);
    const auto answer = post("{\n  \"event\": x}");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->json()["line"], 2);
    EXPECT_EQ(answer->json()["column"], 12);
    EXPECT_EQ(answer->json()["offset"], 13);
}

TEST_P(http_table, the_escaped_nul_and_64_levels_are_fine) {
    std::string deep;
    for (int i = 0; i < 62; ++i)
        deep = "[" + deep + "]";
    expect(posted(R"({"event": "e", "userId": "u", "data": {"a": "\u0000"}})"), 202, "", fate::stays);
    expect(posted(R"({"event": "e", "userId": "u", "data": {"a": )" + deep + "}}"), 202, "", fate::stays);
}

TEST_P(http_table, an_envelope_that_is_incomplete_is_422_with_every_error) {
    for (const std::string& body :
         {std::string("[]"), std::string("1"), std::string("null"), std::string(R"("event")"), std::string("{}"),
          std::string(R"({"event": null, "userId": "u", "data": {}})"),
          std::string(R"({"event": "", "userId": "u", "data": {}})"),
          std::string(R"({"event": 1, "userId": "u", "data": {}})"),
          std::string(R"({"event": "e", "userId": 1, "data": {}})"), std::string(R"({"event": "e", "data": {}})"),
          std::string(R"({"event": "e", "userId": "", "data": {}})"), std::string(R"({"event": "e", "userId": "u"})"),
          std::string(R"({"event": "e", "userId": "u", "data": []})"),
          std::string(R"({"event": "e", "userId": "u", "data": null})"),
          R"({"event": "e", "userId": ")" + std::string(257, 'u') + R"(", "data": {}})",
          R"({"event": ")" + std::string(257, 'e') + R"(", "userId": "u", "data": {}})"})
        expect(posted(body), 422, "invalid-event", fate::stays);
    const auto several = post(R"({"event": "", "data": 1})");
    ASSERT_TRUE(several);
    EXPECT_EQ(several->json()["errors"].size(), 3U) << several->body;
}

TEST_P(http_table, a_null_user_is_told_to_call_identify_first) {
    const auto answer = post(R"({"event": "e", "userId": null, "data": {}})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 422);
    EXPECT_NE(answer->body.find("identify()"), std::string::npos) << answer->body;
}

TEST_P(http_table, data_against_the_schema_is_422_with_pointers) {
    const std::string body = R"({"event": "Ticket Created", "userId": "u", "data": {"ticketName": 5}})";
    expect(posted(body), 422, "schema-mismatch", fate::stays);
    const auto answer = post(body);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->json()["errors"][0]["pointer"], "/data/ticketName");
    EXPECT_FALSE(answer->json()["errors"][0]["detail"].get<std::string>().empty());
}

TEST_P(http_table, another_content_type_or_coding_is_415_and_shows_what_to_send) {
    const std::string length = "Content-Length: 2\r\n";
    for (const char* fields :
         {"", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n",
          "Content-Type: application/x-ndjson\r\n", "Content-Type: multipart/form-data; boundary=a\r\n",
          "Content-Type: application/json\r\nContent-Encoding: br\r\n"})
        expect(request("POST /run/event", fields + length, "{}"), 415, "unsupported-media-type", fate::stays);
    const auto answer = call("POST", "/run/event", {{"Content-Type", "text/plain"}}, "{}");
    ASSERT_TRUE(answer);
    EXPECT_NE(answer->json()["detail"].get<std::string>().find("Content-Type: application/json"), std::string::npos);
    const std::string event = sample_event();
    expect(request("POST /run/event",
                   "Content-Type: Application/JSON ; charset=utf-8\r\nContent-Length: " + std::to_string(event.size()) +
                       "\r\n",
                   event),
           202, "", fate::stays);
}

TEST_P(http_table, a_body_over_the_limit_is_413_before_it_is_read) {
    expect(request("POST /run/event", json_type() + "Content-Length: 1048577\r\n"), 413, "body-too-large",
           fate::closes);
    expect(request("POST /run/event", json_type() + "Content-Length: 99999999999999999999999\r\n"), 413,
           "body-too-large", fate::closes);
    expect(chunked("100001\r\n"), 413, "body-too-large", fate::closes);
    expect(request("POST /run/event", json_type() + "Expect: 100-continue\r\nContent-Length: 1048577\r\n"), 413,
           "body-too-large", fate::closes);
    const std::string start = R"({"event": "e", "userId": "u", "data": {"x": ")";
    expect(posted(start + std::string(1048576 - start.size() - 3, 'x') + "\"}}"), 202, "", fate::stays);
}

TEST_P(http_table, a_small_body_that_a_call_does_not_use_is_read_and_dropped) {
    for (const char* call : {"GET /v1/events", "GET /livez", "GET /v1/export", "POST /v1/resume", "GET /"}) {
        expect(request(call, "Content-Length: 10\r\n", "0123456789"), 200, "", fate::stays);
        expect(request(call, "Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n"), 200, "", fate::stays);
    }
}

TEST_P(http_table, a_413_names_the_bound_and_the_key_that_sets_it_if_one_does) {
    const auto detail = [](std::string_view method, const std::string& path, std::size_t bytes) {
        const auto answer = call(method, path, {{"Content-Type", "application/json"}}, std::string(bytes, ' '));
        EXPECT_TRUE(answer && answer->status == 413) << path << (answer ? answer->body : " no answer");
        return answer ? answer->json()["detail"].get<std::string>() : "";
    };
    EXPECT_EQ(detail("POST", "/run/event", 1048577),
              "The body is over the 1MiB that are taken here. Send less in one request, or raise limits.body.");
    EXPECT_EQ(detail("POST", "/run/events", 16 * 1048576 + 1),
              "The body is over the 16MiB that are taken here. Send less in one request, or raise limits.batch_body.");
    for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
             {"POST", "/v1/retry"}, {"POST", "/v1/discard"}, {"GET", "/users/ada"}, {"GET", "/v1/events"}})
        EXPECT_EQ(detail(method, path, 4097),
                  "The body is over the 4KiB that are taken here. Send less in one request.");
}

TEST_P(http_table, a_head_over_16_kib_is_431) {
    expect(request("GET /livez", "X: " + std::string(16 * 1024, 'x') + "\r\n"), 431, "head-too-large", fate::closes);
    std::string many;
    while (many.size() < 20'000)
        many += "X-Many: of them\r\n";
    expect(request("GET /livez", many), 431, "head-too-large", fate::closes);
    expect("GET /" + std::string(17'000, 'a'), 431, "head-too-large", fate::closes);
}

TEST_P(http_table, an_unknown_path_is_404_and_a_wrong_method_405_with_allow) {
    for (const char* path : {"/run", "/run/event/", "//run/event", "/2023-13/run/event", "/run%2Fevent", "/v1/nothing",
                             "/v1/events/abc", "/v1/events/01970000-0000-7000-8000-000000000000"})
        expect(request("GET " + std::string(path), ""), 404, "not-found", fate::stays);
    expect(request("POST /nowhere", "Content-Length: 4\r\n", "body"), 404, "not-found", fate::stays);
    expect(request("DELETE /run/event", ""), 405, "method-not-allowed", fate::stays);
    expect(request("OPTIONS /run/event", ""), 405, "method-not-allowed", fate::stays);
    EXPECT_EQ(call("GET", "/run/event")->header("allow"), "POST");
    EXPECT_EQ(call("PUT", "/2023-12/run/event", {}, "body")->header("allow"), "POST");
    EXPECT_EQ(call("POST", "/v1/status")->header("allow"), "GET, HEAD");
}

TEST_P(http_table, expect_100_continue_is_honoured_after_the_head_was_judged) {
    const std::string event = sample_event();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(request("POST /run/event", json_type() + "Expect: 100-continue\r\nContent-Length: " +
                                                               std::to_string(event.size()) + "\r\n")));
    const auto interim = connection.read_answer();
    ASSERT_TRUE(interim);
    EXPECT_EQ(interim->status, 100);
    ASSERT_TRUE(connection.send(event));
    EXPECT_EQ(connection.read_answer()->status, 202);
    expect_alive(connection);
    expect(request("POST /run/event", "Content-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: 500\r\n"),
           415, "unsupported-media-type", fate::closes);
}

TEST_P(http_table, what_does_not_come_in_time_is_408) {
    raw_socket head = connect();
    raw_socket body = connect();
    raw_socket chunks = connect();
    ASSERT_TRUE(head.send("POST /run/event HTTP/1.1\r\nHost: loc"));
    ASSERT_TRUE(body.send(request("POST /run/event", json_type() + "Content-Length: 1000\r\n", "{")));
    ASSERT_TRUE(chunks.send(chunked("3e8\r\n{")));
    for (raw_socket* each : {&head, &body, &chunks}) {
        const auto answer = each->read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 408);
        expect_problem(*answer, "request-timeout");
        EXPECT_EQ(answer->header("connection"), "close");
        EXPECT_TRUE(each->closed_by_peer());
    }
}

// Over a unix socket any single Host is fine: no browser comes that way.
TEST_P(http_table, a_host_that_is_not_ours_is_421_though_it_resolves_to_us) {
    const bool any_is_fine = GetParam() == entrance::guarded_socket;
    const std::string port = std::to_string(daemon->port());
    for (const std::string& name :
         {std::string("evil.example"), "evil.example:" + port, std::string("localhost.evil.example"),
          "127.0.0.1.nip.io:" + port, std::string("0.0.0.0"), std::string("localhost:1"), "[::2]:" + port,
          std::string("192.168.0.1")}) {
        const std::string event = sample_event();
        expect("POST /run/event HTTP/1.1\r\nHost: " + name + "\r\n" + authorization() + json_type() +
                   "Content-Length: " + std::to_string(event.size()) + "\r\n\r\n" + event,
               any_is_fine ? 202 : 421, any_is_fine ? "" : "misdirected-request", fate::stays);
    }
    expect(request("GET http://evil.example/livez", ""), any_is_fine ? 200 : 421,
           any_is_fine ? "" : "misdirected-request", fate::stays);
    expect(request("GET https://localhost/livez", ""), 421, "misdirected-request", fate::stays);
    for (const std::string& name : {std::string("localhost"), "LOCALHOST:" + port, "127.0.0.1:" + port,
                                    std::string("127.1.2.3"), "[::1]:" + port, std::string("posthaste.internal")})
        expect("GET /livez HTTP/1.1\r\nHost: " + name + "\r\n\r\n", 200, "", fate::stays);
}

TEST_P(http_table, a_host_of_any_form_is_fine_over_a_unix_socket) {
    const bool any_is_fine = GetParam() == entrance::guarded_socket;
    for (const char* name : {"/run/posthaste/posthaste.sock", "a/b", "<x>", "caf\xc3\xa9"})
        expect("GET /livez HTTP/1.1\r\nHost: " + std::string(name) + "\r\n\r\n", any_is_fine ? 200 : 400,
               any_is_fine ? "" : "malformed-request", any_is_fine ? fate::stays : fate::closes);
    expect("GET /livez HTTP/1.1\r\nHost: a/b\r\nHost: a/b\r\n\r\n", 400, "malformed-request", fate::closes);
}

// As a browser sends what a page on https://evil.example makes it send.
TEST_P(cross_origin, a_page_of_another_origin_cannot_post) {
    const std::uint64_t before = accepted();
    const std::string event = sample_event();
    const std::string length = "Content-Length: " + std::to_string(event.size()) + "\r\n";
    const std::string browser =
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 "
        "Safari/537.36\r\n"
        "Accept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nReferer: https://evil.example/\r\n";
    const std::string fetch = "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Site: cross-site\r\n";
    expect(request("POST /run/event",
                   browser + fetch + "Origin: https://evil.example\r\nContent-Type: text/plain\r\n" + length, event),
           403, "cross-origin", fate::stays);
    expect(request("POST /run/event", browser + "Origin: https://evil.example\r\n" + json_type() + length, event), 403,
           "cross-origin", fate::stays);
    expect(request("POST /run/event", browser + "Origin: null\r\n" + json_type() + length, event), 403, "cross-origin",
           fate::stays);
    expect(request("POST /run/event", browser + fetch + json_type() + length, event), 403, "cross-origin", fate::stays);
    expect(request("POST /run/event", "Sec-Fetch-Site: same-site\r\n" + json_type() + length, event), 403,
           "cross-origin", fate::stays);
    expect(request("POST /run/event", "Origin: http://localhost:1\r\n" + json_type() + length, event), 403,
           "cross-origin", fate::stays);
    EXPECT_EQ(accepted(), before);
}

TEST_P(cross_origin, its_preflight_and_its_reads_are_refused_without_a_cors_header) {
    expect(request("OPTIONS /run/event",
                   "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n"
                   "Access-Control-Request-Headers: content-type\r\n"),
           403, "cross-origin", fate::stays);
    for (const char* path : {"/v1/status", "/livez", "/nowhere"})
        expect(request("GET " + std::string(path), "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n"),
               403, "cross-origin", fate::stays);
}

TEST_P(cross_origin, our_own_origin_and_what_no_page_sent_are_fine) {
    const std::string own = "http://localhost:" + std::to_string(daemon->port());
    expect(posted(sample_event(), "Origin: " + own + "\r\nSec-Fetch-Site: same-origin\r\n"), 202, "", fate::stays);
    expect(request("GET /v1/status", "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n"), 200, "", fate::stays);
}

// Each of these needs a daemon of its own.

TEST(http_limits, an_event_that_is_not_configured_is_422_where_that_is_asked_for) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"events", {{"Ticket Created", {{"ticketName", "String"}}}}},
                                                    {"unknown_events", "reject"}});
    daemon.start();
    const auto answer = post_event(daemon.port(), R"({"event": "Tiket Created", "userId": "u", "data": {}})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 422);
    EXPECT_EQ(answer->json()["type"], "urn:posthaste:problem:unknown-event");
    EXPECT_NE(answer->json()["detail"].get<std::string>().find("Ticket Created"), std::string::npos);
}

TEST(http_limits, a_queue_at_its_bound_is_503_and_not_ready) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"queue", {{"max_events", 3}}}});
    daemon.start();
    for (int i = 0; i < 3; ++i)
        daemon.post(sample_event());
    const auto answer = post_event(daemon.port(), sample_event());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->json()["type"], "urn:posthaste:problem:queue-full");
    EXPECT_FALSE(answer->header("retry-after").empty());
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 3);
    const auto ready = http_call(daemon.port(), "GET", "/readyz");
    ASSERT_TRUE(ready);
    EXPECT_EQ(ready->status, 503);
    EXPECT_EQ(ready->json()["reasons"], nlohmann::json::array({"queue-full"}));
    EXPECT_EQ(http_call(daemon.port(), "GET", "/livez")->status, 200);
}

TEST(http_limits, over_64_mib_of_bodies_at_once_is_503_busy) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"limits", {{"body", "16MiB"}}}});
    daemon.start();
    const std::size_t size = 15 * 1024 * 1024;
    const std::string head = request_text(
        "POST", "/run/event", {{"Content-Type", "application/json"}, {"Content-Length", std::to_string(size + 1)}}, "",
        daemon.port());
    const std::string body(size, ' ');  // but for its last byte
    std::deque<raw_socket> open;
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(open.emplace_back(daemon.port()).send(head));
        ASSERT_TRUE(open.back().send(body));
    }
    raw_socket one_more(daemon.port());
    ASSERT_TRUE(one_more.send(head));
    one_more.send(body);
    const auto answer = one_more.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->json()["type"], "urn:posthaste:problem:busy");
    EXPECT_EQ(answer->header("retry-after"), "1");
    EXPECT_EQ(http_call(daemon.port(), "GET", "/livez")->status, 200);  // what has no body needs no room
    open.clear();
    EXPECT_TRUE(wait_until([&] { return post_event(daemon.port(), sample_event())->status == 202; }));
}

TEST(http_limits, at_the_limit_of_connections_the_longest_idle_one_makes_room) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"limits", {{"connections", 3}}}});
    daemon.start();
    std::deque<raw_socket> open;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(open.emplace_back(daemon.port()).send(request_text("GET", "/livez", {}, "", daemon.port())));
        EXPECT_EQ(open.back().read_answer()->status, 200);
    }
    EXPECT_EQ(post_event(daemon.port(), sample_event())->status, 202);
    EXPECT_TRUE(open[0].closed_by_peer());
    ASSERT_TRUE(open[2].send(request_text("GET", "/livez", {}, "", daemon.port())));
    EXPECT_EQ(open[2].read_answer()->status, 200);
}

}  // namespace
}  // namespace posthaste
