// GET /v1/stream over real connections: what it tells, who may listen, and that it neither goes for another connection
// nor holds a stop up.

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Somebody who follows the stream, and reads its chunks by hand.
class follower {
  public:
    explicit follower(const daemon_under_test& daemon, const std::string& path = "/v1/stream",
                      const http_headers& headers = {})
        : connection_(daemon.port()) {
        connection_.send(request_text("GET", path, headers, "", daemon.port()));
    }

    // The next event's name and data; an empty name: the stream is over.
    std::pair<std::string, json> next() {
        static const std::string start = "event: ";
        std::size_t begin = 0;
        std::size_t end = 0;
        while ((begin = text_.find(start)) == std::string::npos ||
               (end = text_.find("\n\n", begin)) == std::string::npos) {
            const std::string more = connection_.read_some();
            if (more.empty()) return {};
            text_ += more;
        }
        const std::string event = text_.substr(begin, end - begin);
        text_.erase(0, end + 2);
        const std::size_t line = event.find("\ndata: ");
        return {event.substr(start.size(), line - start.size()), json::parse(event.substr(line + 7), nullptr, false)};
    }
    // Until so much was told to have been accepted and delivered; what there is too much or too little fails.
    void expect_rates_to_tell(double accepted, double delivered) {
        double told_accepted = 0;
        double told_delivered = 0;
        while (told_accepted < accepted || told_delivered < delivered) {
            const auto [name, data] = next();
            ASSERT_NE(name, "") << "the stream ended";
            if (name != "rates") continue;
            ASSERT_EQ(data["accepted"].size(), data["delivered"].size());
            for (const json& rate : data["accepted"])
                told_accepted += rate.get<double>() * data["secondsEach"].get<double>();
            for (const json& rate : data["delivered"])
                told_delivered += rate.get<double>() * data["secondsEach"].get<double>();
        }
        EXPECT_NEAR(told_accepted, accepted, 0.1);
        EXPECT_NEAR(told_delivered, delivered, 0.1);
    }
    [[nodiscard]] raw_socket& connection() { return connection_; }

  private:
    raw_socket connection_;
    std::string text_;
};

std::vector<std::string> members_of(const json& object) {
    std::vector<std::string> names;
    for (const auto& member : object.items())
        names.push_back(member.key());
    return names;
}

TEST(stream, tells_the_past_and_then_the_status_again_and_again) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    for (int i = 0; i < 7; ++i)
        daemon.post(sample_event());
    ASSERT_TRUE(daemon.wait_until_drained());
    follower one(daemon);
    const auto [name, past] = one.next();
    EXPECT_EQ(name, "rates");
    EXPECT_EQ(past["accepted"].size(), 180U);
    for (int i = 0; i < 7; ++i) {
        const auto [what, status] = one.next();
        ASSERT_EQ(what, "status") << "the rates of what is over by now were not asked for";
        EXPECT_EQ(members_of(status), members_of(daemon.status()));
        EXPECT_EQ(status["totals"], daemon.status()["totals"]);
    }
    follower another(daemon, "/v1/stream?rates=each");
    another.expect_rates_to_tell(7, 7);
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
}

TEST(stream, says_that_it_is_one_of_events_and_nothing_to_keep) {
    daemon_under_test daemon;
    daemon.start();
    raw_socket one(daemon.port());
    ASSERT_TRUE(one.send(request_text("GET", "/v1/stream", {}, "", daemon.port())));
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
        const std::string more = one.read_some();
        ASSERT_NE(more, "") << head;
        head += more;
    }
    EXPECT_THAT(head, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nCache-Control: no-store\r\n"));
}

TEST(stream, has_sixteen_listeners_at_most_and_finds_out_who_has_left) {
    daemon_under_test daemon;
    daemon.start();
    std::deque<follower> open;
    for (int i = 0; i < 16; ++i)
        EXPECT_EQ(open.emplace_back(daemon).next().first, "rates");
    const auto refused = http_call(daemon.port(), "GET", "/v1/stream");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->json()["type"], "urn:posthaste:problem:busy");
    EXPECT_NE(refused->header("retry-after"), "");
    EXPECT_EQ(http_call(daemon.port(), "GET", "/livez")->status, 200);
    open.front().connection().close();
    EXPECT_TRUE(wait_until([&] {
        follower another(daemon);
        return another.connection().read_some().starts_with("HTTP/1.1 200 ");
    })) << "the place stays taken";
    EXPECT_EQ(open.back().next().first, "status");
}

TEST(stream, does_not_go_for_another_connection_while_an_idle_one_is_there) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"limits", {{"connections", 2}}}});
    daemon.start();
    follower one(daemon);
    EXPECT_EQ(one.next().first, "rates");
    for (int i = 0; i < 6; ++i) {
        raw_socket idle(daemon.port());
        idle.send(request_text("GET", "/livez", {}, "", daemon.port()));
        ASSERT_TRUE(idle.read_answer());
        EXPECT_EQ(post_event(daemon.port(), sample_event())->status, 202);
    }
    for (int i = 0; i < 5; ++i)
        EXPECT_NE(one.next().first, "") << "it was closed";
}

TEST(stream, ends_at_once_when_the_daemon_stops) {
    daemon_under_test daemon;
    daemon.start();
    follower reading(daemon);
    follower deaf(daemon);
    EXPECT_EQ(reading.next().first, "rates");
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
    const auto rest = reading.connection().read_until_close();
    ASSERT_TRUE(rest);
    EXPECT_TRUE(rest->ends_with("0\r\n\r\n")) << "broken off: " << *rest;
}

TEST(stream, ends_when_its_token_is_taken_away) {
    daemon_under_test daemon;
    const auto tokens =
        daemon.folder().write("tokens", "operator taken-token-1\noperator lowered-token-1\noperator kept-token-1\n");
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    daemon.start();
    const auto with = [&](const std::string& token) {
        return follower(daemon, "/v1/stream", {{"Authorization", "Bearer " + token}});
    };
    follower taken = with("taken-token-1");
    follower lowered = with("lowered-token-1");
    follower kept = with("kept-token-1");
    for (follower* each : {&taken, &lowered, &kept})
        EXPECT_EQ(each->next().first, "rates");
    daemon.folder().write("tokens", "app lowered-token-1\noperator kept-token-1\n");
    ASSERT_TRUE(daemon.running().wait_for_output("the access tokens in " + tokens + " changed: ")) << daemon.log();
    for (int told = 0; told < 10; ++told)
        EXPECT_EQ(kept.next().first, "status");
    for (follower* each : {&taken, &lowered}) {
        int told = 0;  // what was told meanwhile waits to be read
        while (told < 10 && !each->next().first.empty())
            ++told;
        EXPECT_LT(told, 10) << "it goes on without a token";
    }
}

TEST(stream, needs_an_operators_token_where_there_are_tokens_and_the_page_none) {
    daemon_under_test daemon;
    const auto tokens = daemon.folder().write("tokens", "app app-token-1\noperator operator-token-1\n");
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    daemon.start();
    EXPECT_EQ(http_call(daemon.port(), "GET", "/v1/stream")->status, 401);
    EXPECT_EQ(http_call(daemon.port(), "GET", "/v1/stream", {{"Authorization", "Bearer app-token-1"}})->status, 403);
    const auto page = http_call(daemon.port(), "GET", "/");
    ASSERT_TRUE(page);
    EXPECT_EQ(page->status, 200);
    EXPECT_THAT(page->header("content-security-policy"), HasSubstr("default-src 'none'"));
    EXPECT_THAT(page->header("content-security-policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_EQ(http_call(daemon.port(), "GET", "/dashboard/app.js")->status, 200);
    EXPECT_EQ(http_call(daemon.port(), "GET", "/dashboard/none.js")->status, 404);
}

}  // namespace
}  // namespace posthaste
