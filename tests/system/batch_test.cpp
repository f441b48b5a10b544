// Many events in one request, repeated requests, packed bodies: what an app may ask of a POST.

#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "tests/system/support/gzip.hpp"
#include "tests/system/support/raw_exchange.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;

struct asking : raw_exchange {
    static std::string to(const std::string& path, const std::string& body, const std::string& fields = json_type()) {
        return request("POST " + path, fields + "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
    }
    static http_answer ask(const std::string& bytes, std::uint16_t port) {
        raw_socket connection(port);
        connection.send(bytes);
        return connection.read_answer().value();
    }
    static http_answer ask(const std::string& bytes) {
        raw_socket connection = connect();
        connection.send(bytes);
        return connection.read_answer().value();
    }
    static std::string key(const std::string& value) { return json_type() + "Idempotency-Key: " + value + "\r\n"; }
};

class batch : public asking {};
POSTHASTE_THROUGH_BOTH_ENTRANCES(batch);
class idempotency_key : public asking {};
POSTHASTE_THROUGH_BOTH_ENTRANCES(idempotency_key);
class packed_body : public asking {};
POSTHASTE_THROUGH_BOTH_ENTRANCES(packed_body);

TEST_P(batch, is_delivered_in_order_with_the_bytes_of_each_to_the_single_path) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test fresh(upstream.url());
    fresh.start();
    const std::string one = R"({ "event":"e", "userId":"u","data":{"n": 12345678901234567890} })";
    const std::string two = R"({"event": "e", "userId": "u", "data": {"n": -0, "x": "],[\u00e9"}})";
    const auto head = [&](const std::string& line, const std::string& fields, const std::string& body) {
        return line + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body;
    };
    const auto array =
        ask(head("POST /2023-12/run/events", json_type(), "[ " + one + "\n, " + two + "]"), fresh.port());
    ASSERT_EQ(array.status, 202) << array.body;
    EXPECT_EQ(array.json()["message"], "2 events queued");
    const auto lines =
        ask(head("POST /run/events", "Content-Type: application/x-ndjson\r\n", two + "\n" + one + "\n"), fresh.port());
    ASSERT_EQ(lines.status, 202) << lines.body;
    ASSERT_TRUE(fresh.wait_until_drained()) << fresh.log();
    std::vector<std::string> bodies;
    std::vector<std::string> ids;
    for (const auto& each : upstream.requests()) {
        bodies.push_back(each.body);
        ids.push_back(each.field("idempotency-key"));
    }
    EXPECT_THAT(bodies, ElementsAre(one, two, two, one));
    EXPECT_EQ(upstream.requests().front().path, "/2023-12/run/event");
    EXPECT_EQ(upstream.requests().back().path, "/run/event");
    std::vector<std::string> told = array.json()["ids"];
    const std::vector<std::string> of_lines = lines.json()["ids"];
    told.insert(told.end(), of_lines.begin(), of_lines.end());
    EXPECT_EQ(ids, told);
    EXPECT_EQ(fresh.event(told[2])["state"], "delivered");
}

TEST_P(batch, with_one_wrong_event_stores_nothing_and_names_it) {
    const auto before = accepted();
    const std::string good = sample_event("u");
    const auto answer = ask(to("/run/events", "[" + good + "," + good + R"(,{"event":"e","userId":null,"data":{}}])"));
    EXPECT_EQ(answer.status, 422);
    expect_problem(answer, "invalid-event");
    EXPECT_EQ(answer.json()["errors"][0]["pointer"], "/2/userId");
    const auto malformed = ask(to("/run/events", "[" + good + ",\n{]"));
    EXPECT_EQ(malformed.status, 400);
    expect_problem(malformed, "malformed-json");
    EXPECT_EQ(malformed.json()["line"], 2);
    for (const std::string& body : {std::string("[]"), std::string("{}"), std::string("[" + good), good})
        EXPECT_GE(ask(to("/run/events", body)).status, 400) << body;
    EXPECT_EQ(accepted(), before);
}

TEST_P(batch, over_its_limits_is_413_and_of_another_type_415) {
    std::string many = "[";
    for (int n = 0; n < 10'001; ++n)
        many += (n == 0 ? "" : ",") + sample_event("u");
    const auto before = accepted();
    const auto answer = ask(to("/run/events", many + "]"));
    EXPECT_EQ(answer.status, 413) << answer.body;
    expect_problem(answer, "body-too-large");
    expect(
        request("POST /run/events", json_type() + "Content-Length: " + std::to_string(16 * 1024 * 1024 + 1) + "\r\n"),
        413, "body-too-large", fate::closes);
    EXPECT_EQ(ask(to("/run/events", "[]", "Content-Type: text/plain\r\n")).status, 415);
    EXPECT_EQ(ask(to("/run/event", sample_event("u"), "Content-Type: application/x-ndjson\r\n")).status, 415);
    EXPECT_EQ(ask(request("GET /run/events", "")).status, 405);
    EXPECT_EQ(accepted(), before);
}

TEST_P(batch, with_one_event_over_the_limit_of_one_is_413) {
    std::string large = sample_event();
    large.insert(large.rfind('}'), ", \"more\": \"" + std::string(1024 * 1024, 'x') + "\"");
    const auto before = accepted();
    const auto answer = ask(to("/run/events", "[" + sample_event() + "," + large + "]"));
    EXPECT_EQ(answer.status, 413);
    expect_problem(answer, "body-too-large");
    EXPECT_THAT(answer.json()["detail"].get<std::string>(),
                testing::StartsWith("Event 1 of the batch (counted from 0) is over the 1MiB that are taken here"));
    EXPECT_EQ(accepted(), before);
}

TEST(batches, whose_trace_headers_are_too_long_for_so_many_events_are_413) {
    daemon_under_test daemon;
    daemon.configure({{"limits", {{"batch_events", 20'000}}}});
    daemon.start();
    std::string many = "[" + sample_event();
    for (int each = 1; each < 13'000; ++each)
        many += "," + sample_event();
    const std::string state(1000, 'x');
    const auto with = [&](http_headers headers) {
        headers.emplace_back("Content-Type", "application/json");
        return http_call(daemon.port(), "POST", "/run/events", headers, many + "]").value();
    };
    const auto answer = with({{"traceparent", state}, {"tracestate", state}});
    EXPECT_EQ(answer.status, 413) << answer.body;
    EXPECT_THAT(answer.json()["detail"].get<std::string>(), testing::HasSubstr("send fewer events"));
    EXPECT_EQ(with({{"tracestate", state}}).status, 202);
}

TEST_P(batch, that_does_not_fit_into_the_queue_as_a_whole_is_refused_as_a_whole) {
    daemon_under_test small("http://127.0.0.1:9", {{"queue", {{"max_events", 5}}}});
    small.start();
    const auto posts = [&](int events) {
        std::string body = "[";
        for (int n = 0; n < events; ++n)
            body += (n == 0 ? "" : ",") + sample_event("u");
        body += "]";
        return ask("POST /run/events HTTP/1.1\r\nHost: localhost\r\n" + json_type() +
                       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
                   small.port());
    };
    EXPECT_EQ(posts(3).status, 202);
    const auto refused = posts(3);
    EXPECT_EQ(refused.status, 503);
    expect_problem(refused, "queue-full");
    EXPECT_EQ(small.status()["totals"]["accepted"], 3);
    EXPECT_EQ(posts(2).status, 202);
}

TEST_P(idempotency_key, of_many_requests_at_once_stores_one_and_after_a_kill_still_does) {
    daemon_under_test own;
    own.start();
    const std::string body = sample_event("u");
    const std::string bytes = "POST /run/event HTTP/1.1\r\nHost: localhost\r\n" + key("order-17") +
                              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    std::vector<http_answer> answers(32);
    {
        std::vector<std::jthread> all;
        for (auto& answer : answers)
            all.emplace_back([&] { answer = ask(bytes, own.port()); });
    }
    std::set<std::string> ids;
    std::size_t replayed = 0;
    for (const auto& answer : answers) {
        ASSERT_EQ(answer.status, 202) << answer.body;
        ids.insert(answer.json()["id"]);
        replayed += answer.header("idempotency-replayed") == "true" ? 1 : 0;
    }
    EXPECT_EQ(ids.size(), 1U);
    EXPECT_EQ(replayed, 31U);
    EXPECT_EQ(own.status()["totals"]["accepted"], 1);
    own.kill9();
    own.start();
    const auto again = ask(bytes, own.port());
    EXPECT_EQ(again.json()["id"], *ids.begin());
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
    EXPECT_EQ(again.header("location"), "/v1/events/" + *ids.begin());
    EXPECT_EQ(own.status()["totals"]["accepted"], 1);
}

TEST(idempotency_keys, of_two_tokens_are_two) {
    daemon_under_test own;
    const auto file = own.folder().write("tokens", "app token-one-1234\napp token-two-1234\noperator token-op-1234\n");
    own.configure({{"listen", {{"access_tokens_file", file}}}});
    own.start();
    const auto id_with = [&](const std::string& token) {
        const auto answer = http_call(own.port(), "POST", "/run/event",
                                      {{"Content-Type", "application/json"},
                                       {"Authorization", "Bearer " + token},
                                       {"Idempotency-Key", "the-same"}},
                                      sample_event("u"));
        return answer && answer->status == 202 ? answer->json()["id"].get<std::string>() : "";
    };
    const std::string first = id_with("token-one-1234");
    EXPECT_NE(first, "");
    EXPECT_NE(id_with("token-two-1234"), first);
    EXPECT_EQ(id_with("token-one-1234"), first);
}

TEST_P(idempotency_key, with_another_path_or_body_is_422_and_of_a_batch_gives_its_ids_again) {
    const auto first = ask(to("/run/events", "[" + sample_event("a") + "," + sample_event("b") + "]", key("k1")));
    ASSERT_EQ(first.status, 202) << first.body;
    const auto again = ask(to("/run/events", "[" + sample_event("a") + "," + sample_event("b") + "]", key("k1")));
    EXPECT_EQ(again.json(), first.json());
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
    expect(to("/run/events", "[" + sample_event("a") + "]", key("k1")), 422, "idempotency-key-reused", fate::stays);
    expect(to("/run/event", sample_event("a"), key("k2")), 202, "", fate::stays);
    expect(to("/2023-12/run/event", sample_event("a"), key("k2")), 422, "idempotency-key-reused", fate::stays);
    expect(to("/run/event", sample_event("b"), key("k2")), 422, "idempotency-key-reused", fate::stays);
}

TEST_P(idempotency_key, that_is_none_is_400) {
    for (const std::string& bad : {std::string("a b"), std::string(256, 'k'), std::string("caf\xc3\xa9")})
        expect(to("/run/event", sample_event("a"), key(bad)), 400, "invalid-header", fate::stays);
    expect(to("/run/event", sample_event("a"), key("one") + "Idempotency-Key: two\r\n"), 400, "invalid-header",
           fate::stays);
    expect(to("/run/event", sample_event("a"), key(std::string(255, 'k'))), 202, "", fate::stays);
}

TEST_P(packed_body, is_unpacked_within_the_limit_and_sent_on_unpacked) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test fresh(upstream.url());
    fresh.start();
    const std::string gzip = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    const auto post = [&](const std::string& path, const std::string& body) {
        return ask("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + gzip +
                       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
                   fresh.port());
    };
    const std::string body = sample_event("u");
    EXPECT_EQ(post("/run/event", gzipped(body)).status, 202);
    EXPECT_EQ(post("/run/events", gzipped("[" + body + "]")).status, 202);
    ASSERT_TRUE(fresh.wait_until_drained());
    for (const auto& each : upstream.requests()) {
        EXPECT_EQ(each.body, body);
        EXPECT_EQ(each.field("content-encoding"), "");
    }
    EXPECT_EQ(upstream.requests().size(), 2U);
}

TEST_P(packed_body, is_taken_up_to_the_limit_of_what_it_unpacks_to_however_badly_it_is_packed) {
    const std::string gzip = json_type() + "Content-Encoding: gzip\r\n";
    const auto stored = [](const std::string& text) { return gzipped(text, Z_NO_COMPRESSION); };
    const std::string event = sample_event("u");
    const std::string limit = event + std::string(1024 * 1024 - event.size(), ' ');
    ASSERT_GT(stored(limit).size(), limit.size());
    expect(to("/run/event", stored(limit), gzip), 202, "", fate::stays);
    expect(to("/run/event", stored(limit + " "), gzip), 413, "body-too-large", fate::stays);
    const std::string batch = "[" + event + std::string(16 * 1024 * 1024 - event.size() - 2, ' ') + "]";
    expect(to("/run/events", stored(batch), gzip), 202, "", fate::stays);
    expect(to("/run/events", stored(batch + " "), gzip), 413, "body-too-large", fate::stays);
}

TEST_P(packed_body, that_is_a_bomb_or_no_gzip_is_refused) {
    const std::string gzip = json_type() + "Content-Encoding: gzip\r\n";
    const std::string bomb = gzipped(std::string(17 * 1024 * 1024, ' '));
    expect(to("/run/event", bomb, gzip), 413, "body-too-large", fate::stays);
    expect(to("/run/events", bomb, gzip), 413, "body-too-large", fate::stays);
    for (const std::string path : {"/run/event", "/run/events"}) {
        expect(to(path, "no gzip", gzip), 400, "malformed-gzip", fate::stays);
        const std::string packed = gzipped(sample_event("u"));
        expect(to(path, packed.substr(0, packed.size() - 3), gzip), 400, "malformed-gzip", fate::stays);
        expect(to(path, packed + "x", gzip), 400, "malformed-gzip", fate::stays);
        expect(to(path, sample_event("u"), json_type() + "Content-Encoding: br\r\n"), 415, "unsupported-media-type",
               fate::stays);
    }
}

}  // namespace
}  // namespace posthaste
