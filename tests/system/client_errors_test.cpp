// What every command that talks to a daemon says when it cannot: one clear line, and the right exit code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::vector<std::vector<std::string>> commands = {
    {"status"},
    {"status", "--json"},
    {"status", "--watch", "--json"},
    {"events"},
    {"events", "--json"},
    {"show", "01a208ef-347e-7c7a-8000-00000005cf15"},
    {"retry", "01a208ef-347e-7c7a-8000-00000005cf15"},
    {"retry", "--dead"},
    {"discard", "--yes", "01a208ef-347e-7c7a-8000-00000005cf15"},
    {"discard", "--yes", "--dead"},
    {"export"},
};

// One line on stderr that begins with the command's name, and nothing but JSON on stdout.
std::string complaint(std::vector<std::string> words, const std::vector<std::string>& more, int status) {
    const std::string name = "posthaste " + words.front() + ": ";
    words.insert(words.begin(), posthaste_binary());
    words.insert(words.end(), more.begin(), more.end());
    const auto ended = run_to_end({std::move(words), {}, {}, {}});
    EXPECT_EQ(ended.status, status) << ended.error;
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.error, StartsWith(name));
    EXPECT_EQ(std::count(ended.error.begin(), ended.error.end(), '\n'), 1) << ended.error;
    return ended.error;
}

TEST(client_errors, tell_that_no_daemon_runs_and_what_to_do) {
    upstream_process reserved;  // holds a port that nobody listens on
    const temp_folder folder;
    for (const auto& command : commands) {
        EXPECT_THAT(
            complaint(command, {"--server", reserved.url()}, 1),
            HasSubstr("posthaste is not running at " + reserved.url() + " (connection refused): start it with "));
        EXPECT_THAT(complaint(command, {"--server", "unix:" + (folder / "none.sock")}, 1), HasSubstr("no such socket"));
        EXPECT_THAT(complaint(command, {"--server", "https://127.0.0.1"}, 2), HasSubstr("write http://"));
    }
}

TEST(client_errors, tell_that_a_token_is_missing_wrong_or_an_apps) {
    const temp_folder folder;
    const auto tokens = folder.write("tokens", "app the-app\noperator the-operator\n");
    daemon_under_test daemon("http://127.0.0.1:9", {{"listen", {{"access_tokens_file", tokens}}}});
    daemon.start();
    const auto wrong = folder.write("wrong", "nobody\n");
    const auto app = folder.write("app", "the-app\n");
    for (const auto& command : commands) {
        EXPECT_THAT(complaint(command, {"--server", daemon.url()}, 1), HasSubstr("--token-file). (401)"));
        EXPECT_THAT(complaint(command, {"--server", daemon.url(), "--token-file", wrong}, 1), HasSubstr("(401)"));
        EXPECT_THAT(complaint(command, {"--server", daemon.url(), "--token-file", folder / "none"}, 2),
                    HasSubstr("--token-file: "));
        if (command.front() == "show") continue;  // an app may look at a receipt
        EXPECT_THAT(complaint(command, {"--server", daemon.url(), "--token-file", app}, 1), HasSubstr("(403)"));
    }
}

TEST(client_errors, tell_that_another_program_answers) {
    upstream_process other;
    other.start();
    for (const auto& step : {answers(200), says("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry")}) {
        other.answer_with({step});
        for (const auto& command : commands)
            EXPECT_THAT(complaint(command, {"--server", other.url()}, 1), HasSubstr("is it another program?"));
    }
}

}  // namespace
}  // namespace posthaste
