// The upstream gets the body exactly as the app posted it, the headers that belong to it, and our key.

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

// One event after another; gives the upstream's view of each.
class byte_for_byte : public testing::Test {
  protected:
    byte_for_byte() {
        upstream_.start();
        daemon_.start();
    }

    recorded_request delivered(const std::string& body, const std::string& path = "/run/event",
                               http_headers headers = {}) {
        headers.emplace_back("Content-Type", "application/json");
        const auto answer = http_call(daemon_.port(), "POST", path, headers, body);
        EXPECT_TRUE(answer && answer->status == 202) << (answer ? answer->body : "no answer");
        id_ = answer ? answer->json().value("id", "") : "";
        EXPECT_TRUE(upstream_.wait_for_requests(++sent_)) << daemon_.log();
        return upstream_.requests().size() >= sent_ ? upstream_.requests()[sent_ - 1] : recorded_request{};
    }

    upstream_process upstream_;
    daemon_under_test daemon_{upstream_.url()};
    std::string id_;  // of the last event
    std::size_t sent_ = 0;
};

}  // namespace

TEST_F(byte_for_byte, the_body_arrives_as_it_was_posted) {
    const std::string bodies[] = {
        sample_event(),
        " \r\n\t{ \"event\"  :\"Ticket Created\",\n\n\"userId\":\"u\" , \"data\":{ }  }\r\n ",
        R"({"data": {"n": [12345678901234567890, -0, 0.10, 1E+2, 1.0e-7, 100000000000000000000000001]}, )"
        R"("userId": "u", "event": "e"})",
        R"({"event":"caf\u00e9","userId":"\u0031","data":{"raw":"é✓",)"
        R"("escaped":"\u00e9\/\uD83D\uDE00","nul":"\u0000"}})",
        R"({"event": "e", "userId": "u", "data": {"deep": [[[[{"a": [null, true, false, {}]}]]]]}, "more": {"x": 1}})",
        R"({"event": "e", "userId": "u", "data": {"long": ")" + std::string(300'000, 'x') + "\"}}"};
    for (const std::string& body : bodies) {
        const recorded_request request = delivered(body);
        EXPECT_EQ(request.body, body);
        EXPECT_EQ(request.field("Content-Length"), std::to_string(body.size()));
        EXPECT_EQ(request.count_of("Transfer-Encoding"), 0u);
    }
}

TEST_F(byte_for_byte, a_chunked_body_arrives_whole) {
    const std::string body = sample_event();
    char last_size[20];
    std::snprintf(last_size, sizeof last_size, "%zX", body.size() - 6);
    const std::string chunks = "5\r\n" + body.substr(0, 5) + "\r\n1;extension=yes\r\n" + body.substr(5, 1) + "\r\n" +
                               last_size + "\r\n" + body.substr(6) + "\r\n0\r\n\r\n";
    raw_socket connection(daemon_.port());
    connection.send(request_text("POST", "/run/event",
                                 {{"Content-Type", "application/json"}, {"Transfer-Encoding", "chunked"}}, chunks,
                                 daemon_.port()));
    const auto answer = connection.read_answer();
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 202) << answer->body;
    ASSERT_TRUE(upstream_.wait_for_requests(1)) << daemon_.log();
    EXPECT_EQ(upstream_.requests()[0].body, body);
}

TEST_F(byte_for_byte, the_path_goes_upstream_as_posted_and_the_query_stays_behind) {
    EXPECT_EQ(delivered(sample_event(), "/run/event").path, "/run/event");
    EXPECT_EQ(delivered(sample_event(), "/2023-12/run/event").path, "/2023-12/run/event");
    EXPECT_EQ(delivered(sample_event(), "/2024-03/run/event?debug=1").path, "/2024-03/run/event");
}

TEST_F(byte_for_byte, the_version_and_the_trace_headers_go_upstream_as_posted) {
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const recorded_request request =
        delivered(sample_event(), "/run/event",
                  {{"X-Api-Version", "2024-01"}, {"traceparent", trace}, {"tracestate", "a=1,b=2"}, {"X-Other", "no"}});
    EXPECT_EQ(request.field("x-api-version"), "2024-01");
    EXPECT_EQ(request.field("traceparent"), trace);
    EXPECT_EQ(request.field("tracestate"), "a=1,b=2");
    EXPECT_EQ(request.count_of("x-other"), 0u);
}

TEST_F(byte_for_byte, a_trace_state_goes_upstream_as_posted_whatever_it_is) {
    const std::string long_state = "a=" + std::string(1'000, 'x') + ",caf\xc3\xa9=1";
    EXPECT_EQ(delivered(sample_event(), "/run/event", {{"tracestate", long_state}}).field("tracestate"), long_state);
}

TEST_F(byte_for_byte, the_configured_version_is_sent_where_neither_path_nor_header_names_one) {
    EXPECT_EQ(delivered(sample_event()).field("x-api-version"), "2025-09");
    EXPECT_EQ(delivered(sample_event(), "/2023-12/run/event").count_of("x-api-version"), 0u);
    EXPECT_EQ(delivered(sample_event(), "/2023-12/run/event", {{"x-api-version", "2025-01"}}).field("x-api-version"),
              "2025-01");
}

TEST_F(byte_for_byte, the_key_and_the_idempotency_key_are_added) {
    const recorded_request request = delivered(sample_event(), "/run/event", {{"Authorization", "Bearer the-apps"}});
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.field("Authorization"), std::string("Bearer ") + daemon_under_test::api_key);
    EXPECT_EQ(request.field("Idempotency-Key"), id_);
    EXPECT_EQ(request.field("Content-Type"), "application/json");
    EXPECT_EQ(request.field("Accept"), "application/json");
    EXPECT_EQ(request.field("User-Agent").substr(0, 10), "posthaste/");
    EXPECT_EQ(request.field("Host"), "127.0.0.1:" + std::to_string(upstream_.port()));
    for (const char* name :
         {"Authorization", "Idempotency-Key", "Content-Type", "Content-Length", "Host", "User-Agent"})
        EXPECT_EQ(request.count_of(name), 1u) << name;
    EXPECT_EQ(request.count_of("X-Retry-Count"), 0u);
}

TEST_F(byte_for_byte, the_connection_to_the_upstream_is_kept) {
    for (int n = 0; n < 5; ++n)
        EXPECT_EQ(delivered(sample_event()).connection, 1u);
}

TEST_F(byte_for_byte, the_receipt_tells_what_became_of_the_event) {
    (void)delivered(sample_event());
    ASSERT_TRUE(daemon_.wait_for_state(id_, "delivered")) << daemon_.event(id_);
    const nlohmann::json facts = daemon_.event(id_);
    EXPECT_EQ(facts.at("id"), id_);
    EXPECT_EQ(facts.at("event"), "Ticket Created");
    EXPECT_EQ(facts.at("userId"), "10101010101010");
    EXPECT_EQ(facts.at("attempts"), 1);
    EXPECT_EQ(facts.at("response").at("status"), 200);
    EXPECT_TRUE(facts.at("data").is_null());
    EXPECT_TRUE(facts.at("deliveredAt").is_string());
    const nlohmann::json totals = daemon_.status().at("totals");
    EXPECT_EQ(totals.at("accepted"), 1);
    EXPECT_EQ(totals.at("delivered"), 1);
}

}  // namespace posthaste
