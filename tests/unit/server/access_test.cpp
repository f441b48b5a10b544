// Who gets in: the token against the scope of a route, and in which order that is judged.

#include <gmock/gmock.h>

#include "daemon/server/reading_handler.hpp"
#include "lib/base/sha256.hpp"
#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::Not;

// Answers who asked: "app 32".
class mirror final : public reading_handler {
  public:
    void handle(std::shared_ptr<exchange> request) override {
        const caller& by = request->by();
        constexpr const char* names[] = {"anyone", "app", "operators"};
        last_digest = by.token_digest;
        request->answer(
            {.body = names[static_cast<int>(by.scope)] + std::string(" ") + std::to_string(by.token_digest.size())});
    }
    std::string last_digest;
};

class guarded : public served {
  protected:
    guarded() {
        options.listen.tokens = {{access_scope::app, sha256("app-token")},
                                 {access_scope::operators, sha256("operator-token")}};
        routes.add("GET", "/open", access_scope::anyone, mine);
        routes.add("GET", "/app", access_scope::app, mine);
        routes.add("GET", "/operators", access_scope::operators, mine);
    }

    http_answer get(const std::string& path, const std::string& fields) {
        raw_socket connection = connect();
        EXPECT_TRUE(connection.send(head("GET " + path, fields)));
        return connection.read_answer().value_or(http_answer{});
    }
    http_answer with_token(const std::string& path, const std::string& token) {
        return get(path, "Authorization: Bearer " + token + "\r\n");
    }
    void expect_refused(const http_answer& answer, int status) {
        EXPECT_EQ(answer.status, status) << answer.body;
        EXPECT_EQ(answer.header("www-authenticate"), status == 401 ? "Bearer" : "");
        EXPECT_EQ(answer.header("content-type"), "application/problem+json");
        EXPECT_EQ(answer.json()["type"],
                  status == 401 ? "urn:posthaste:problem:unauthorized" : "urn:posthaste:problem:forbidden");
        EXPECT_EQ(answer.header("connection"), "") << "the connection goes on";
    }

    mirror mine;
};

TEST_F(guarded, lets_a_token_do_what_its_scope_says) {
    start();
    EXPECT_EQ(with_token("/app", "app-token").body, "app 32");
    EXPECT_EQ(mine.last_digest, bytes_of(sha256("app-token")));
    EXPECT_EQ(with_token("/app", "operator-token").body, "operators 32");
    EXPECT_EQ(with_token("/operators", "operator-token").body, "operators 32");
    expect_refused(with_token("/operators", "app-token"), 403);
}

TEST_F(guarded, asks_for_no_token_where_anyone_may_call) {
    start();
    EXPECT_EQ(get("/open", "").body, "anyone 0");
    EXPECT_EQ(with_token("/open", "wrong").body, "anyone 0");
}

TEST_F(guarded, refuses_whoever_shows_no_token_or_another) {
    start();
    for (const char* fields :
         {"", "Authorization:\r\n", "Authorization: Bearer\r\n", "Authorization: Bearer wrong\r\n",
          "Authorization: Bearer app-token2\r\n", "Authorization: Bearer app-toke\r\n",
          "Authorization: Bearer APP-TOKEN\r\n", "Authorization: Basic app-token\r\n", "Authorization: app-token\r\n",
          "Authorization: Bearer app-token\r\nAuthorization: Bearer app-token\r\n",
          "Proxy-Authorization: Bearer app-token\r\n"}) {
        SCOPED_TRACE(fields);
        expect_refused(get("/app", fields), 401);
    }
    EXPECT_EQ(get("/app", "authorization: bEaReR app-token\r\n").status, 200);
}

TEST_F(guarded, never_shows_the_token_it_refuses) {
    start();
    for (const char* token : {"marker", "marker marker"})
        EXPECT_THAT(with_token("/app", token).body, Not(HasSubstr("marker")));
}

TEST_F(guarded, tells_whoever_has_no_token_nothing_of_what_there_is) {
    start();
    expect_refused(get("/nowhere", ""), 401);
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("PUT /app", "") + head("PUT /open", "") +
                                head("PUT /app", "Authorization: Bearer app-token\r\n")));
    expect_refused(connection.read_answer().value_or(http_answer{}), 401);
    expect_refused(connection.read_answer().value_or(http_answer{}), 401);
    EXPECT_EQ(connection.read_answer()->header("allow"), "GET, HEAD");
    EXPECT_EQ(with_token("/nowhere", "app-token").status, 404);
}

TEST_F(guarded, judges_host_and_origin_before_the_token) {
    start();
    EXPECT_EQ(get("/app", "Origin: https://evil.example\r\n").status, 403);
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send("GET /app HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
    EXPECT_EQ(status_of(connection.read_answer()), 421);
}

TEST_F(guarded, takes_other_tokens_while_requests_are_under_way) {
    start();
    raw_socket under_way = connect();
    ASSERT_TRUE(under_way.send(head("POST /wait", "Authorization: Bearer app-token\r\nContent-Length: 0\r\n")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    listen_settings rotated = options.listen;
    rotated.tokens = {{access_scope::app, sha256("rotated")}};
    on_thread([&] {
        door->reconfigure(options.limits, rotated);
        wait.take()->answer(response{.body = "begun before"});
    });
    EXPECT_EQ(under_way.read_answer()->body, "begun before");
    expect_refused(with_token("/app", "app-token"), 401);
    EXPECT_EQ(with_token("/app", "rotated").body, "app 32");
}

TEST_F(guarded, asks_for_nothing_where_no_tokens_are_configured) {
    options.listen.tokens.clear();
    start();
    EXPECT_EQ(get("/operators", "").body, "operators 0");
    EXPECT_EQ(with_token("/operators", "whatever").body, "operators 0");
}

}  // namespace
}  // namespace posthaste
