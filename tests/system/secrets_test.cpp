// No answer, error or log line shows a token, the key, or a body, whatever is sent and whatever the upstream says.
//
// Each secret carries a marker of its own; everything that the daemon and its commands say is gathered, at level debug,
// and searched for the markers. GET /v1/events/{id}, the export and lastError show what they are there to show: an
// event's data and the upstream's own words, which are searched for the tokens and the key only.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string app_token = "marker-token-app";
const std::string operator_token = "marker-token-operator";
const std::string wrong_token = "marker-token-wrong";
const std::string key = daemon_under_test::api_key;
const std::string body_marker = "marker-body";

class secrets : public testing::Test {
  protected:
    secrets() {
        upstream.answer_where("quoting", {says_of(400), says_of(500), says_of(400)});
        upstream.start();
        daemon.start();
    }

    // An upstream that repeats the key and the body it was sent.
    static answer_step says_of(int status) {
        answer_step step = answers(status);
        step.body = R"({"message": "I refuse )" + key + R"( and )" + body_marker + "\"}";
        return step;
    }

    void send(const std::string& bytes) {
        raw_socket connection(daemon.port());
        ASSERT_TRUE(connection.send(bytes));
        connection.half_close();
        said += connection.read_until_close().value_or("");
    }
    [[nodiscard]] std::string request(const std::string& line, const std::string& fields,
                                      const std::string& body = "") const {
        return line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + "\r\n" + body;
    }
    [[nodiscard]] static std::string bearer(const std::string& token) {
        return "Authorization: Bearer " + token + "\r\n";
    }
    void post(const std::string& body, const std::string& fields = bearer(app_token)) {
        send(request(
            "POST /run/event",
            fields + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n",
            body));
    }
    void expect_none_of(const std::string& text, const std::vector<std::string>& markers) const {
        for (const std::string& each : markers)
            EXPECT_THAT(text, Not(HasSubstr(each)));
    }

    const temp_folder folder;
    const std::string tokens = folder.write("tokens", "app " + app_token + "\noperator " + operator_token + "\n");
    upstream_process upstream;
    daemon_under_test daemon{upstream.url(),
                             {{"listen", {{"access_tokens_file", tokens}}},
                              {"events", {{"Typed", {{"count", "Integer"}}}}},
                              {"log", {{"level", "debug"}}}}};
    std::string said;  // all answers
};

TEST_F(secrets, are_in_no_answer_and_no_log_line_whatever_is_sent) {
    const std::string good = R"({"event": "e", "userId": "u", "data": {"a": ")" + body_marker + "\"}}";
    post(good);
    // Tokens that do not fit.
    for (const std::string& fields :
         {bearer(wrong_token), bearer(app_token) + bearer(wrong_token), "Authorization: Basic " + wrong_token + "\r\n",
          "Authorization: " + wrong_token + "\r\n", bearer(wrong_token + " " + wrong_token),
          "authorization: bearer  " + wrong_token + "\r\n"})
        post(good, fields);
    for (const char* call : {"GET /v1/status", "POST /v1/pause", "GET /nowhere", "PUT /run/event", "GET /v1/export"})
        for (const std::string& token : {app_token, wrong_token})
            send(request(call, bearer(token) + "Content-Length: 0\r\n"));
    // Bodies that do not.
    for (const std::string& body :
         {body_marker, "{\"" + body_marker, good + body_marker, good.substr(0, good.size() - 1),
          R"({"event": ")" + body_marker + R"(", "userId": 1, "data": {}})",
          R"({"event": "Typed", "userId": "u", "data": {"count": ")" + body_marker + "\"}}",
          R"({"event": "Typed", "userId": "u", "data": {}, ")" + std::string("x") + R"(": ")" + body_marker + "\"}",
          R"({"event": "e", "userId": "u", "data": {"a": 1, "a": ")" + body_marker + "\"}}",
          "[\"" + body_marker + "\"]", "\xff" + body_marker})
        post(body);
    // Framing that does not.
    const std::string secret_fields = bearer(app_token) + "X-Odd : " + body_marker + "\r\n";
    send(request("POST /run/event", secret_fields, good));
    send(request("POST /run/event", bearer(app_token) + "Transfer-Encoding: chunked\r\n", body_marker + "\r\n" + good));
    send(request("POST /run/event", bearer(app_token) + "Content-Type: text/plain\r\nContent-Length: 11\r\n",
                 body_marker));
    send(request("POST /run/event", bearer(app_token) + "Content-Length: " + body_marker + "\r\n", good));
    send(bearer(app_token));
    // An upstream that quotes.
    for (const char* user : {"1", "2", "3"})
        post(R"({"event": "quoting", "userId": ")" + std::string(user) + R"(", "data": {"a": ")" + body_marker +
             "\"}}");
    ASSERT_TRUE(upstream.wait_for_requests(5)) << daemon.log();
    // Files that do not.
    folder.write("tokens", app_token + "\napp " + operator_token + " " + wrong_token + "\n");
    ASSERT_TRUE(daemon.running().wait_for_output("stay in use: " + tokens)) << daemon.log();
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(daemon.running().wait_for_output("configuration not reloaded")) << daemon.log();

    EXPECT_THAT(said, HasSubstr("202 Accepted"));
    EXPECT_THAT(said, HasSubstr("schema-mismatch"));
    EXPECT_THAT(said, HasSubstr("unauthorized"));
    EXPECT_THAT(daemon.log(), HasSubstr("answered 400"));
    expect_none_of(said, {"marker-token", key, body_marker});

    said.clear();
    for (const char* call : {"GET /v1/status", "GET /v1/events", "GET /v1/export"})
        send(request(call, bearer(operator_token)));
    EXPECT_THAT(said, HasSubstr("I refuse [the API key] and "));
    expect_none_of(said, {"marker-token", key});
    EXPECT_EQ(daemon.stop(), 0);
    expect_none_of(daemon.log(), {"marker-token", key, body_marker});
}

TEST_F(secrets, are_in_nothing_that_a_command_says) {
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), posthaste_binary());
        const auto ended = run_to_end({std::move(arguments), {}, {}, {}});
        said += ended.output + ended.error;
    };
    const auto wrong = folder.write("wrong", wrong_token);
    const auto odd = folder.write("odd", "app " + wrong_token);
    for (const std::string& file : {wrong, odd})
        run({"send", "e", "--user", "u", "--data", R"({"a": ")" + body_marker + "\"}", "--server", daemon.url(),
             "--token-file", file});
    run({"send", "Typed", "--user", "u", "--data", R"({"count": ")" + body_marker + "\"}", "--server", daemon.url(),
         "--token-file", folder.write("right", app_token)});
    folder.write("tokens", app_token + "\n");
    run({"check", "--config", daemon.configuration_path()});
    EXPECT_THAT(said, HasSubstr("(401)"));
    EXPECT_THAT(said, HasSubstr("(422)"));
    EXPECT_THAT(said, HasSubstr("expected \"app TOKEN\""));
    expect_none_of(said, {"marker-token", key, body_marker});
}

}  // namespace
}  // namespace posthaste
