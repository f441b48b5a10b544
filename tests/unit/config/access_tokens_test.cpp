// The tokens' file: what a line may be, what is told of one that is not, and that no message shows a token.

#include "lib/config/access_tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::environment_of;
using test::load;
using test::loaded;
using test::problems_of;
using test::scratch_folder;
using test::with_url;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

access_tokens tokens_of(std::string_view text) {
    auto parsed = parse_access_tokens(text);
    if (parsed) return *std::move(parsed);
    ADD_FAILURE() << parsed.error().front().what;
    return {};
}

// The faults as "LINE:COLUMN: WHAT".
std::vector<std::string> faults_of(std::string_view text) {
    const auto parsed = parse_access_tokens(text);
    std::vector<std::string> shown;
    if (parsed) return shown;
    for (const auto& each : parsed.error())
        shown.push_back(std::to_string(each.where.line) + ":" + std::to_string(each.where.column) + ": " + each.what);
    return shown;
}

const std::string expected_scope =
    "expected \"app TOKEN\" or \"operator TOKEN\"; what stands here is not shown, as it may be a token";

TEST(access_tokens, are_a_line_each_with_comments_and_any_white_space) {
    const auto tokens = tokens_of("# those who send\napp one # the shop\n\n \toperator\t two \r\napp a#b");
    ASSERT_EQ(tokens.size(), 3U);
    EXPECT_EQ(tokens[0], (access_token{access_scope::app, sha256("one")}));
    EXPECT_EQ(tokens[1], (access_token{access_scope::operators, sha256("two")}));
    EXPECT_EQ(tokens[2], (access_token{access_scope::app, sha256("a#b")}));
}

TEST(access_tokens, are_found_by_their_digests_only) {
    const auto tokens = tokens_of("app one\noperator two\n");
    EXPECT_EQ(find_token(tokens, sha256("one")), &tokens[0]);
    EXPECT_EQ(find_token(tokens, sha256("two")), &tokens[1]);
    for (const char* other : {"", "on", "one ", "One", "three"})
        EXPECT_EQ(find_token(tokens, sha256(other)), nullptr) << other;
    EXPECT_EQ(find_token({}, sha256("one")), nullptr);
}

TEST(access_tokens, are_told_with_their_lines_and_never_shown_where_they_are_wrong) {
    const auto faults = faults_of(
        "app\n"
        "marker-1\n"
        "  admin marker-2\n"
        "app marker-3 marker-4\n"
        "app marker-5\n"
        "operator marker-5\n"
        "app mark\xc3\xa9r\n"
        "App marker-6\n"
        "app # marker-7\n");
    EXPECT_THAT(faults, ElementsAre("1:1: has no token behind \"app\"", "2:1: " + expected_scope,
                                    "3:3: " + expected_scope, "4:5: has a space in its token, or more than one token",
                                    "6:10: has a token that stands in an earlier line, too",
                                    "7:5: has a byte in its token that no header may carry", "8:1: " + expected_scope,
                                    "9:1: has no token behind \"app\""));
    for (const auto& each : faults)
        EXPECT_THAT(each, Not(HasSubstr("mark")));
}

TEST(access_tokens, are_at_least_one) {
    for (const char* text : {"", "\n", "# app one\n"})
        EXPECT_THAT(faults_of(text), ElementsAre("1:1: holds no token, and nobody could get in: write \"app TOKEN\" "
                                                 "there"));
}

TEST(access_tokens, are_read_with_the_configuration) {
    const scratch_folder folder;
    const auto file = folder.write("tokens", "app one\n");
    const auto text = with_url(R"("listen": {"access_tokens_file": ")" + file + "\"}");
    EXPECT_EQ(loaded(text).listen.tokens, tokens_of("app one"));
    folder.write("tokens", "app one\nmarker\n");
    EXPECT_THAT(problems_of(text), ElementsAre(file + ":2:1: " + expected_scope));
    folder.write("tokens", "app one", 0604);
    EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("listen.access_tokens_file: " + file +
                                                         " is open to every user of this host (mode 0604): run  chmod "
                                                         "o= ")));
    EXPECT_EQ(
        loaded(text, {}, {{"POSTHASTE_API_KEY", "k"}, {"CREDENTIALS_DIRECTORY", folder.path()}}).listen.tokens.size(),
        1U);
    EXPECT_THAT(problems_of(with_url(R"("listen": {"access_tokens_file": "/nowhere/tokens"})")),
                ElementsAre(HasSubstr("listen.access_tokens_file: /nowhere/tokens cannot be read: No such file")));
}

TEST(client_token, stands_alone_in_its_file) {
    const scratch_folder folder;
    const auto token_in = [&](std::string_view text, mode_t mode = 0600) {
        return load_client_token(folder.write("token", text, mode), environment_of({}));
    };
    EXPECT_EQ(*token_in("\n one \r\n"), "one");
    EXPECT_THAT(token_in("\n").error(), HasSubstr("/token is empty: put the token there"));
    for (const char* wrong : {"app marker", "Bearer marker", "marker\nmarker", "mark\xc3\xa9r"}) {
        EXPECT_THAT(token_in(wrong).error(), HasSubstr("/token holds more than a token"));
        EXPECT_THAT(token_in(wrong).error(), Not(HasSubstr("mark")));
    }
    EXPECT_THAT(token_in("one", 0644).error(), HasSubstr(" is open to every user of this host (mode 0644)"));
    EXPECT_THAT(load_client_token("/nowhere", environment_of({})).error(), HasSubstr("/nowhere cannot be read: "));
}

}  // namespace
}  // namespace posthaste
