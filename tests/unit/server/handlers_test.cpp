#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "daemon/server/health_handler.hpp"
#include "daemon/server/post_event_handler.hpp"
#include "daemon/server/show_event_handler.hpp"
#include "daemon/server/status_handler.hpp"
#include "tests/unit/server/asked.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct posting : testing::Test {
    sink_of_test sink;
    rate_window accepted;
    std::optional<refusal> refusing;
    post_event_handler events{1000,
                              {.now = noon, .refusing = [this] { return refusing; }},
                              sink,
                              std::make_shared<const event_catalog>(),
                              accepted};
    const std::string body = R"({ "event": "Ticket Created","userId":"u1", "data":{"n":12345678901234567890} })";
};

TEST_F(posting, hands_the_event_over_as_it_came_and_answers_once_it_is_stored) {
    const auto request =
        post("X-Api-Version: 2025-09\r\nTraceparent: 00-a-b-01\r\nTracestate: a=1\r\nTracestate: b=2\r\n", body,
             "/2023-12/run/event?x=y");
    EXPECT_FALSE(events.refuse(request->head()));
    events.handle(request);
    EXPECT_EQ(request->answers, 0);
    ASSERT_EQ(sink.taken.size(), 1U);
    const event& taken = sink.taken[0];
    EXPECT_EQ(taken.name, "Ticket Created");
    EXPECT_EQ(taken.user_id, "u1");
    EXPECT_EQ(taken.path, "/2023-12/run/event");
    EXPECT_EQ(taken.api_version, "2025-09");
    EXPECT_EQ(taken.traceparent, "00-a-b-01");
    EXPECT_EQ(taken.tracestate, "a=1,b=2");
    EXPECT_EQ(taken.body, body);
    EXPECT_EQ(accepted.per_second(noon().steady), 0);
    const uuid id = make_event_id(noon().wall, 7, 1);
    sink.replies[0](id);
    EXPECT_EQ(request->status, 202U);
    EXPECT_EQ(request->shown(), (json{{"message", "Event queued"}, {"id", to_string(id)}, {"state", "pending"}}));
    EXPECT_EQ(request->fields, "Location: /v1/events/" + to_string(id) + "\r\n");
    EXPECT_GT(accepted.per_second(noon().steady), 0);
}

TEST(posting_with_schemas_that_warn, tells_what_does_not_fit_and_takes_it) {
    auto catalog = std::make_shared<event_catalog>();
    catalog->check = schema_check::warn;
    catalog->schemas.emplace("E", *compile_schema(*parse_located_json(R"({"n": "String"})")));
    sink_of_test sink;
    rate_window accepted;
    std::vector<std::string> told;
    post_event_handler events(
        1000,
        {.now = noon,
         .refusing = {},
         .mismatched = [&](const envelope& what) { told.push_back(what.event + " " + what.mismatch.front().pointer); }},
        sink, catalog, accepted);
    events.handle(post("", R"({"event": "E", "userId": "u", "data": {"n": "fits"}})"));
    EXPECT_THAT(told, testing::IsEmpty());
    events.handle(post("", R"({"event": "E", "userId": "u", "data": {"n": 1}})"));
    EXPECT_THAT(told, testing::ElementsAre("E /data/n"));
    EXPECT_EQ(sink.taken.size(), 2U);
}

TEST(posting_durations, count_each_202_that_did_not_wait_for_the_upstream) {
    static constexpr double bound = 1;
    histogram durations{std::span(&bound, 1)};
    sink_of_test sink;
    rate_window accepted;
    post_event_handler events(1000, {.now = noon, .refusing = {}, .durations = &durations}, sink,
                              std::make_shared<const event_catalog>(), accepted);
    for (const bool replayed : {false, true}) {
        const auto request = post("Idempotency-Key: k\r\n", R"({"event": "E", "userId": "u", "data": {}})");
        events.handle(request);
        sink.submit_replies.back()(receipt{make_event_id(noon().wall, 7, 1), 1, replayed});
        EXPECT_EQ(request->status, 202U);
    }
    EXPECT_EQ(durations.count(), 2U) << "one that was answered again is an answer, too";
}

TEST_F(posting, answers_503_and_retry_after_for_each_reason_of_the_store) {
    for (const auto& [why, name] :
         {std::pair(refusal::queue_full, "queue-full"), std::pair(refusal::disk_full, "disk-full"),
          std::pair(refusal::store_unavailable, "store-unavailable"),
          std::pair(refusal::shutting_down, "shutting-down"), std::pair(refusal::busy, "busy")}) {
        const auto request = post("", body);
        events.handle(request);
        sink.replies.back()(why);
        EXPECT_EQ(request->status, 503U);
        EXPECT_EQ(request->shown()["type"], std::string("urn:posthaste:problem:") + name);
        EXPECT_TRUE(request->retry_after);
    }
}

TEST_F(posting, refuses_by_the_head_what_is_no_json_or_cannot_be_taken_now) {
    const asked text("POST /run/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\n");
    EXPECT_EQ(events.refuse(text.head())->status, 415U);
    refusing = refusal::shutting_down;
    EXPECT_EQ(events.refuse(post("", body)->head())->name, "shutting-down");
}

TEST_F(posting, refuses_an_api_version_that_could_not_be_sent_on) {
    for (const std::string& value : {std::string("\xc3\xa9"), std::string(513, '1')})
        EXPECT_EQ(events.refuse(post("x-api-version: " + value + "\r\n", body)->head())->name, "invalid-header");
    EXPECT_EQ(events.refuse(post("x-api-version: 1\r\nX-API-Version: 1\r\n", body)->head())->status, 400U);
    EXPECT_FALSE(events.refuse(post("x-api-version: " + std::string(512, '1') + "\r\n", body)->head()));
}

TEST_F(posting, keeps_a_trace_context_as_it_came_unless_it_is_over_a_kib) {
    const std::string_view odd = "caf\xc3\xa9=1";
    const std::string_view alone = "a=1";
    const std::string large(1024, 'a');
    for (const std::string_view state : {odd, alone, std::string_view(large)})
        events.handle(post("tracestate: " + std::string(state) + "\r\n", body));
    events.handle(post("traceparent: " + large + "\r\n", body));
    EXPECT_EQ(sink.taken[0].tracestate, odd);
    EXPECT_EQ(sink.taken[1].tracestate, alone);
    EXPECT_EQ(sink.taken[2].tracestate, large);
    EXPECT_EQ(sink.taken[2].traceparent, "");
    EXPECT_EQ(sink.taken[3].traceparent, large);
    events.handle(post("traceparent: 00-a-b-01\r\ntracestate: " + large + "a\r\n", body));
    events.handle(post("tracestate: a=1\r\ntraceparent: " + large + "a\r\n", body));
    EXPECT_EQ(sink.taken[4].traceparent + sink.taken[4].tracestate, "00-a-b-01");
    EXPECT_EQ(sink.taken[5].traceparent + sink.taken[5].tracestate, "a=1");
}

TEST_F(posting, answers_what_is_wrong_with_a_body) {
    const auto malformed = post("", "{\n \"event\": }");
    events.handle(malformed);
    EXPECT_EQ(malformed->status, 400U);
    EXPECT_EQ(malformed->shown()["line"], 2);
    const auto invalid = post("", R"({"event": "x", "userId": null, "data": {}})");
    events.handle(invalid);
    EXPECT_EQ(invalid->status, 422U);
    EXPECT_THAT(invalid->text, HasSubstr("identify()"));
    EXPECT_TRUE(sink.taken.empty());
}

TEST(show_event_handler, shows_everything_that_is_kept) {
    event_facts facts;
    facts.id = make_event_id(noon().wall, 7, 1);
    facts.name = "Ticket \"Created\"";
    facts.user_id = "u1";
    facts.received_at = noon().wall;
    facts.body = R"({"event":"x","userId":"u1","data": {"n":12345678901234567890, "s":"\u00e9"} })";
    const std::string pending = to_json(facts);
    EXPECT_EQ(json::parse(pending).size(), 13U);
    EXPECT_THAT(pending, HasSubstr(R"("data":{"n":12345678901234567890, "s":"\u00e9"}})"));
    EXPECT_THAT(
        pending,
        HasSubstr(
            R"("event":"Ticket \"Created\"","userId":"u1","state":"pending","receivedAt":"2023-11-14T22:13:20.000Z")"));
    EXPECT_THAT(
        pending,
        HasSubstr(
            R"("nextAttemptAt":null,"deliveredAt":null,"deadAt":null,"reason":null,"lastError":null,"response":null)"));
    facts.state = event_state::dead;
    facts.attempts = 9;
    facts.dead_at = noon().wall;
    facts.reason = death_reason::expired;
    facts.last_error = attempt_error{noon().wall, 503, "no"};
    facts.response_status = 200;
    facts.body.reset();
    const json dead = json::parse(to_json(facts));
    facts.body = R"({"event": "T", "userId": "1", "data": {"a": \x01 "b"}})";
    EXPECT_EQ(json::parse(to_json(facts)).at("data"), nullptr) << "a damaged body is no JSON";
    EXPECT_EQ(dead["state"], "dead");
    EXPECT_EQ(dead["reason"], "expired");
    EXPECT_EQ(dead["attempts"], 9);
    EXPECT_EQ(dead["lastError"], (json{{"at", "2023-11-14T22:13:20.000Z"}, {"status", 503}, {"message", "no"}}));
    EXPECT_EQ(dead["response"], (json{{"status", 200}}));
    EXPECT_TRUE(dead["data"].is_null());
}

TEST(show_event_handler, answers_404_to_what_is_no_id_and_what_is_not_found) {
    std::vector<uuid> looked_for;
    show_event_handler handler([&](uuid id, auto reply) {
        looked_for.push_back(id);
        reply(std::nullopt);
    });
    const auto none = get("/v1/events/abc");
    handler.handle(none);
    EXPECT_EQ(none->status, 404U);
    EXPECT_TRUE(looked_for.empty());
    const uuid id = make_event_id(noon().wall, 7, 1);
    const auto unknown = get("/v1/events/" + to_string(id));
    handler.handle(unknown);
    EXPECT_EQ(unknown->status, 404U);
    ASSERT_EQ(looked_for.size(), 1U);
    EXPECT_EQ(looked_for[0], id);
}

TEST(status_handler, shows_queue_totals_upstream_and_rates) {
    status_facts facts{
        .uptime = seconds{12}, .now = noon().wall, .accepted_per_second = 10, .max_events = 1000, .max_bytes = 100'000};
    facts.store.totals = {.accepted = 200, .delivered = 90, .dead = 10, .pending = 100, .retrying = 3, .bytes = 11'000};
    facts.store.oldest_pending = noon().wall - milliseconds{2500};
    facts.upstream.in_flight = 4;
    facts.upstream.concurrency = 32;
    facts.upstream.delivered_per_second = 30.04;
    facts.upstream.last_error = attempt_error{noon().wall, std::nullopt, "connection refused"};
    const json shown = json::parse(to_json(facts));
    EXPECT_EQ(shown["version"], POSTHASTE_VERSION);
    EXPECT_EQ(shown["uptimeSeconds"], 12);
    EXPECT_EQ(shown["queue"], json::parse(R"({"pending": 100, "inFlight": 4, "retrying": 3, "dead": 10, "bytes": 11000,
        "maxBytes": 100000, "maxEvents": 1000, "oldestAgeSeconds": 2, "outageCapacitySeconds": 89,
        "drainEtaSeconds": 5})"));
    EXPECT_EQ(shown["totals"], json::parse(R"({"accepted": 200, "delivered": 90, "discarded": 0, "purged": 0})"));
    EXPECT_EQ(shown["upstream"], json::parse(R"({"state": "up", "reason": null, "since": null, "nextProbeAt": null,
        "concurrency": 32, "inFlight": 4, "lastError": {"at": "2023-11-14T22:13:20.000Z", "status": null,
        "message": "connection refused"}})"));
    EXPECT_EQ(shown["rates"], json::parse(R"({"acceptedPerSecond": 10.0, "deliveredPerSecond": 30.0})"));
}

TEST(status_handler, does_not_take_what_is_kept_of_users_for_larger_events) {
    status_facts facts{.accepted_per_second = 10, .max_events = 100'000, .max_bytes = 100'000};
    facts.store.totals = {.accepted = 10, .pending = 10, .bytes = 21'000, .identity_bytes = 20'000};
    EXPECT_EQ(json::parse(to_json(facts))["queue"]["outageCapacitySeconds"], 99) << "990 more events of 100 bytes";
}

TEST(status_handler, says_why_no_event_is_taken) {
    status_facts facts;
    EXPECT_EQ(json::parse(to_json(facts))["notReady"], json::array());
    facts.store.queue_full = true;
    facts.store.disk_full = true;
    facts.stopping = true;
    EXPECT_EQ(json::parse(to_json(facts))["notReady"], json::parse(R"(["stopping", "queue-full", "disk-full"])"));
}

TEST(status_handler, says_null_where_there_is_nothing_to_tell) {
    const json shown = json::parse(to_json(status_facts{.max_events = 10}));
    EXPECT_TRUE(shown["queue"]["oldestAgeSeconds"].is_null());
    EXPECT_TRUE(shown["queue"]["outageCapacitySeconds"].is_null());
    EXPECT_EQ(shown["queue"]["drainEtaSeconds"], 0);
    status_facts stuck;
    stuck.store.totals.pending = 5;
    EXPECT_TRUE(json::parse(to_json(stuck))["queue"]["drainEtaSeconds"].is_null());
}

TEST(status_handler, asks_the_store_and_then_delivery) {
    rate_window accepted;
    status_source source{.store = [](auto reply) { reply(store_status{}); },
                         .upstream = [](auto reply) { reply({.state = "paused"}); },
                         .stopping = {},
                         .configuration = [] { return configuration_state{.loaded_at = noon().wall}; }};
    status_handler handler(source, queue_settings{}, accepted, noon);
    const auto request = get("/v1/status");
    handler.handle(request);
    EXPECT_EQ(request->status, 200U);
    EXPECT_EQ(request->shown()["upstream"]["state"], "paused");
    EXPECT_EQ(request->shown()["queue"]["maxEvents"], 10'000'000);
    EXPECT_EQ(request->shown()["configuration"],
              (json{{"loadedAt", "2023-11-14T22:13:20.000Z"}, {"lastReload", nullptr}}));
}

TEST(health, is_alive_and_ready_or_says_why_not) {
    store_status store;
    bool stopping = false;
    ready_handler ready(
        {.store = [&](auto reply) { reply(store); }, .upstream = {}, .stopping = [&] { return stopping; }});
    const auto asked_ready = [&] {
        auto request = get("/readyz");
        ready.handle(request);
        return request;
    };
    EXPECT_EQ(asked_ready()->status, 200U);
    EXPECT_EQ(asked_ready()->text, R"({"status":"ok"})");
    store.queue_full = store.disk_full = stopping = true;
    EXPECT_EQ(asked_ready()->status, 503U);
    EXPECT_EQ(asked_ready()->text, R"({"status":"unavailable","reasons":["stopping","queue-full","disk-full"]})");
    const auto live = get("/livez");
    live_handler{}.handle(live);
    EXPECT_EQ(live->status, 200U);
    EXPECT_EQ(live->text, R"({"status":"ok"})");
}

}  // namespace
}  // namespace posthaste
