// `posthaste check --upstream`: what it says of the key after each kind of answer, and with which exit code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/process.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class check_upstream : public testing::Test {
  protected:
    check_upstream() { upstream.start(); }

    // The command's last line after such an answer. No check may show the key.
    std::string last_line(const answer_step& answer, int exit_code, const nlohmann::json& more = {},
                          const std::string& key = daemon_under_test::api_key) {
        upstream.answer_with({answer});
        nlohmann::json settings = {{"url", upstream.url() + "/base"}};
        if (!more.empty()) settings.update(more);
        const nlohmann::json content = {{"queue", {{"path", folder / "outbox.db"}, {"disk_reserve", "1MiB"}}},
                                        {"upstream", settings}};
        const auto ended = run_to_end(
            {{posthaste_binary(), "check", "--upstream", "--config", folder.write("posthaste.json", content.dump())},
             {{"POSTHASTE_API_KEY", key}},
             {},
             {}});
        EXPECT_EQ(ended.status, exit_code) << ended.output << ended.error;
        EXPECT_THAT(ended.output, Not(HasSubstr(key)));
        const auto end = ended.output.find_last_not_of('\n');
        return ended.output.substr(ended.output.rfind('\n', end) + 1);
    }

    static answer_step redirect(int status, const std::string& location) {
        auto answer = answers(status);
        if (!location.empty()) answer.headers = {{"Location", location}};
        return answer;
    }

    upstream_process upstream;
    temp_folder folder;
};

TEST_F(check_upstream, fails_where_it_is_redirected_and_says_where_to) {
    for (const int status : {301, 302, 303, 307, 308}) {
        EXPECT_EQ(
            last_line(redirect(status, "https://user:pass@api.example/v2/users/posthaste-check?token=abc#top"), 1),
            "FAIL  key: not judged: the upstream answered " + std::to_string(status) +
                " to GET /base/users/posthaste-check and redirects to "
                "https://api.example/v2/users/posthaste-check; redirects are never followed, as the key must not "
                "leave for another host, and delivery pauses: set upstream.url to the right address, without "
                "/users/posthaste-check\n");
    }
    EXPECT_THAT(last_line(redirect(302, "/login?to=here"), 1), HasSubstr(" and redirects to /login; "));
    EXPECT_THAT(last_line(redirect(302, "/a\u202e-b"), 1), HasSubstr("redirects to /a\\u202e-b; "));
    EXPECT_THAT(last_line(redirect(302, std::string("/") + daemon_under_test::api_key), 1), StartsWith("FAIL  key: "));
    EXPECT_THAT(last_line(redirect(302, "/go//team@acme/x"), 1), HasSubstr("redirects to /go//team@acme/x; "));
    EXPECT_THAT(last_line(redirect(304, ""), 1), HasSubstr(" and redirects without saying where to; "));
}

TEST_F(check_upstream, fails_where_the_account_has_to_be_paid_for) {
    EXPECT_EQ(last_line(answers(402), 1),
              "FAIL  key: refused (answered 402): the account of the key from $POSTHASTE_API_KEY is not paid for, and "
              "delivery pauses: see to the account, or take the key of another\n");
}

TEST_F(check_upstream, says_nothing_of_the_key_where_the_upstream_fails) {
    for (const int status : {500, 502, 503, 504, 599}) {
        EXPECT_EQ(last_line(answers(status), 1),
                  "FAIL  key: not judged: the upstream answered " + std::to_string(status) +
                      " to GET /base/users/posthaste-check: it can be reached, and takes no events now. They wait, and "
                      "go out by themselves once it does; if it lasts, ask those who run it\n");
    }
}

TEST_F(check_upstream, warns_where_the_key_was_not_judged_for_want_of_patience) {
    for (const int status : {408, 425, 429}) {
        EXPECT_EQ(last_line(answers(status), 0),
                  "warn  key: not judged: the upstream answered " + std::to_string(status) +
                      " to GET /base/users/posthaste-check, which asks for patience, and delivery tries again then. "
                      "Wait a minute, and check again\n");
    }
}

TEST_F(check_upstream, calls_no_key_accepted_that_something_else_may_have_answered) {
    for (const int status : {400, 410, 451}) {
        EXPECT_EQ(last_line(answers(status), 0),
                  "warn  key: not refused, but the upstream answered " + std::to_string(status) +
                      " to GET /base/users/posthaste-check, as no upstream should: check that upstream.url leads to "
                      "it\n");
    }
    EXPECT_THAT(last_line(answers(421), 1), AllOf(StartsWith("FAIL  key: not judged: the upstream answered 421 "),
                                                  HasSubstr("it is not the server of that name")));
}

TEST_F(check_upstream, hides_a_key_of_any_characters_that_is_quoted) {
    for (const std::string key : {"abcdefgh#ijklmnop", "abcdefgh?ijklmnop", "abcdefgh@ijklmnop"}) {
        EXPECT_THAT(last_line(redirect(302, "//host/login/" + key), 1, {}, key),
                    HasSubstr("redirects to //host/login/[the API key]; "));
    }
}

TEST_F(check_upstream, blames_no_proxy_that_is_not_there) {
    const auto line = last_line(answers(407), 1);
    EXPECT_EQ(line,
              "FAIL  key: not judged: GET /base/users/posthaste-check was answered 407, as by a proxy that asks for "
              "credentials, and upstream.proxy is not set: set it, with its credentials, if there is a proxy on the "
              "way; else check upstream.url\n");
}

TEST_F(check_upstream, blames_the_proxy_that_is_there) {
    // Which is told the whole URL: of plain http it may answer itself.
    const nlohmann::json through = {{"url", "http://127.0.0.1:9/base"}, {"proxy", upstream.url()}};
    EXPECT_THAT(last_line(answers(407), 1, through),
                AllOf(StartsWith("FAIL  key: the proxy refused the way to http://127.0.0.1:9/base (it answered 407)"),
                      EndsWith("check those in upstream.proxy\n")));
    EXPECT_THAT(last_line(answers(502), 1, through),
                AllOf(HasSubstr("not judged: the upstream, or the proxy, answered 502"),
                      HasSubstr(": it cannot be reached from there, or takes no events now. ")));
    EXPECT_THAT(last_line(answers(401), 1, through),
                EndsWith("check the key from $POSTHASTE_API_KEY, and the credentials in upstream.proxy\n"));
}

TEST_F(check_upstream, judges_the_final_answer_and_none_that_http_does_not_know) {
    const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    EXPECT_THAT(last_line(says(hints + hints + "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"), 1),
                StartsWith("FAIL  key: refused (answered 401)"));
    EXPECT_THAT(last_line(says(hints + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0),
                StartsWith("ok    key: accepted (answered 200 "));
    std::string endless;
    for (int n = 0; n < 1000; ++n)
        endless += hints;
    EXPECT_THAT(last_line(says(endless), 1), HasSubstr(" sends interim answers (1xx) without end: "));
    EXPECT_THAT(last_line(says("HTTP/1.1 200 OK\r\nX-Long: " + std::string(12'000, 'x') + "\r\n\r\n"), 0),
                StartsWith("ok    key: accepted "));
    EXPECT_EQ(
        last_line(answers(600), 1),
        "FAIL  key: not judged: the upstream answered 600 to GET /base/users/posthaste-check, which means nothing "
        "in HTTP: check that upstream.url leads to the upstream\n");
}

}  // namespace
}  // namespace posthaste
