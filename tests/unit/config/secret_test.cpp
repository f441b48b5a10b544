// The API key: where it comes from, who may read it, what it may hold.

#include "lib/config/secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::environment_of;
using test::scratch_folder;
using test::variables;

result<secret, std::string> key_in(const std::optional<std::string>& file, const variables& env = {}) {
    return load_api_key(file, environment_of(env));
}

TEST(api_key, comes_from_its_file_first) {
    const scratch_folder folder;
    folder.write("credentials/api_key", "from-credential");
    const auto file = folder.write("key", "from-file\n");
    const auto key =
        key_in(file, {{"CREDENTIALS_DIRECTORY", folder.path() + "/credentials"}, {"POSTHASTE_API_KEY", "from-env"}});
    ASSERT_TRUE(key) << key.error();
    EXPECT_EQ(key->value, "from-file");
    EXPECT_EQ(key->source, file);
}

TEST(api_key, comes_from_the_credential_next) {
    const scratch_folder folder;
    folder.write("api_key", "from-credential\n");
    const auto key =
        key_in(std::nullopt, {{"CREDENTIALS_DIRECTORY", folder.path()}, {"POSTHASTE_API_KEY", "from-env"}});
    ASSERT_TRUE(key) << key.error();
    EXPECT_EQ(key->value, "from-credential");
    EXPECT_EQ(key->source, "$CREDENTIALS_DIRECTORY/api_key");
}

TEST(api_key, comes_from_the_environment_last) {
    const scratch_folder folder;
    const auto key =
        key_in(std::nullopt, {{"CREDENTIALS_DIRECTORY", folder.path()}, {"POSTHASTE_API_KEY", "from-env"}});
    ASSERT_TRUE(key) << key.error();
    EXPECT_EQ(key->value, "from-env");
    EXPECT_EQ(key->source, "$POSTHASTE_API_KEY");
}

TEST(api_key, is_required) {
    EXPECT_EQ(key_in(std::nullopt).error(),
              "no API key: name its file here, or give the key as $POSTHASTE_API_KEY, or as the systemd credential "
              "api_key");
}

TEST(api_key, is_cut_at_the_white_space_at_its_end) {
    const scratch_folder folder;
    EXPECT_EQ(key_in(folder.write("key", "abc \t\r\n\n"))->value, "abc");
}

TEST(api_key, is_refused_when_every_user_can_read_its_file) {
    const scratch_folder folder;
    for (const mode_t mode : {0604, 0602, 0601, 0644, 0666}) {
        EXPECT_FALSE(key_in(folder.write("open", "hush", mode))) << mode;
    }
    const auto file = folder.write("open to all", "hush", 0644);
    EXPECT_EQ(key_in(file).error(),
              file + " is open to every user of this host (mode 0644): run  chmod o= '" + file + "'");
    EXPECT_TRUE(key_in(folder.write("group", "hush", 0640)));
}

TEST(api_key, may_be_open_under_the_credentials_directory) {
    const scratch_folder folder;
    const auto file = folder.write("credentials/other", "hush", 0644);
    EXPECT_TRUE(key_in(file, {{"CREDENTIALS_DIRECTORY", folder.path() + "/credentials"}}));
    EXPECT_TRUE(key_in(file, {{"CREDENTIALS_DIRECTORY", folder.path() + "/credentials/"}}));
    EXPECT_FALSE(key_in(file, {{"CREDENTIALS_DIRECTORY", folder.path() + "/cred"}}));
    EXPECT_FALSE(
        key_in(folder.path() + "/credentials/../key", {{"CREDENTIALS_DIRECTORY", folder.path() + "/credentials"}}));
}

TEST(api_key, takes_an_empty_credentials_directory_for_none) {
    const scratch_folder folder;
    const auto open = folder.write("open", "hush", 0644);
    const variables empty = {{"CREDENTIALS_DIRECTORY", ""}};
    ASSERT_FALSE(key_in(open, empty));
    EXPECT_THAT(key_in(open, empty).error(), testing::HasSubstr(" is open to every user of this host"));
    const auto closed = folder.write("closed", "hush");
    EXPECT_EQ(key_in(closed, empty)->watched, closed);
    EXPECT_EQ(key_in(std::nullopt, {{"CREDENTIALS_DIRECTORY", ""}, {"POSTHASTE_API_KEY", "from-env"}})->source,
              "$POSTHASTE_API_KEY");
}

TEST(api_key, is_watched_in_a_file_and_fixed_elsewhere) {
    const scratch_folder folder;
    const auto file = folder.write("key", "hush");
    folder.write("credentials/api_key", "hush");
    const auto credentials = folder.path() + "/credentials";
    EXPECT_EQ(key_in(file)->watched, file);
    EXPECT_EQ(key_in(credentials + "/api_key", {{"CREDENTIALS_DIRECTORY", credentials}})->watched, std::nullopt);
    EXPECT_EQ(key_in(std::nullopt, {{"CREDENTIALS_DIRECTORY", credentials}})->watched, std::nullopt);
    EXPECT_EQ(key_in(std::nullopt, {{"POSTHASTE_API_KEY", "hush"}})->watched, std::nullopt);
}

TEST(api_key, does_not_leave_the_credentials_directory_by_dots) {
    const scratch_folder folder;
    folder.write("credentials/other", "hush");
    folder.write("key", "hush", 0644);
    EXPECT_FALSE(
        key_in(folder.path() + "/credentials/../key", {{"CREDENTIALS_DIRECTORY", folder.path() + "/credentials"}}));
}

TEST(api_key, must_fit_into_a_header) {
    const scratch_folder folder;
    EXPECT_EQ(key_in(folder.write("key", " \n")).error(), folder.path() + "/key is empty: put the API key there");
    EXPECT_EQ(key_in(folder.write("key", "Bearer hush")).error(),
              folder.path() + "/key holds a space: put the API key alone there, without \"Bearer\"");
    for (const auto* odd : {"ab\r\ncd",
                            "ab\x01"
                            "cd",
                            "ab\x7f"
                            "cd",
                            "ab\xc3\xa9"
                            "cd"}) {
        EXPECT_EQ(key_in(folder.write("key", odd)).error(),
                  folder.path() +
                      "/key holds a byte that no header may carry (byte 3): put the API key alone there, on "
                      "one line");
    }
    EXPECT_EQ(key_in(std::nullopt, {{"POSTHASTE_API_KEY", ""}}).error(),
              "$POSTHASTE_API_KEY is empty: put the API key there");
}

TEST(api_key, is_never_shown_where_it_was_written_in_place_of_a_path) {
    EXPECT_EQ(
        key_in("sk-hush").error(),
        "the file named here cannot be read: No such file or directory (the API key's file is named here, not the "
        "key)");
}

// Whoever reads a pipe waits for somebody to write to it.
TEST(api_key, is_no_pipe_that_has_a_name) {
    const scratch_folder folder;
    const auto pipe = folder.path() + "/key";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(load_api_key(pipe, test::environment_of({})).error(), pipe + " cannot be read: is no regular file");
    // A shell's <(…) has its writer.
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], "a-key\n", 6), 6);
    ::close(ends[1]);
    EXPECT_EQ(load_api_key("/dev/fd/" + std::to_string(ends[0]), test::environment_of({}))->value, "a-key");
    ::close(ends[0]);
}

TEST(api_key, is_no_large_file) {
    const scratch_folder folder;
    EXPECT_EQ(key_in(folder.write("key", std::string(5000, 'x'))).error(),
              folder.path() + "/key cannot be read: is larger than 4KiB");
}

TEST(api_key, faults_stand_at_its_key) {
    const scratch_folder folder;
    const auto file = folder.write("key", "hush", 0644);
    EXPECT_THAT(test::problems_of(R"({"upstream": {"url": "https://a.example", "api_key_file": ")" + file + "\"}}"),
                testing::ElementsAre("posthaste.json:1:59: upstream.api_key_file: " + file +
                                     " is open to every user of this host (mode 0644): run  chmod o= " + file));
}

TEST(ca_file, must_hold_certificates) {
    const scratch_folder folder;
    const auto load_with = [](const std::string& file) {
        return test::problems_of("{}", {{"upstream.url", "https://a.example"}, {"upstream.ca_file", file}});
    };
    EXPECT_THAT(load_with(folder.path() + "/none"),
                testing::ElementsAre("--set upstream.ca_file: " + folder.path() +
                                     "/none cannot be read: No such file or directory"));
    const auto empty = folder.write("empty.pem", "");
    EXPECT_THAT(load_with(empty),
                testing::ElementsAre("--set upstream.ca_file: " + empty +
                                     " holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"));
    EXPECT_THAT(load_with(folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n")), testing::IsEmpty());
}

// The problems of a client certificate and key.
std::vector<std::string> problems_with(const std::optional<std::string>& certificate,
                                       const std::optional<std::string>& key, const variables& more = {}) {
    variables env = test::with_key;
    env.insert(more.begin(), more.end());
    std::vector<config_override> overrides = {{"upstream.url", "https://a.example"}};
    if (certificate) overrides.push_back({"upstream.client_certificate_file", *certificate});
    if (key) overrides.push_back({"upstream.client_key_file", *key});
    return test::problems_of("{}", overrides, env);
}

constexpr std::string_view a_certificate = "-----BEGIN CERTIFICATE-----\n";
constexpr std::string_view a_key = "-----BEGIN PRIVATE KEY-----\n";

TEST(client_certificate, needs_its_key_and_the_key_needs_it) {
    const scratch_folder folder;
    const auto certificate = folder.write("c.pem", a_certificate, 0644);
    const auto key = folder.write("k.pem", a_key);
    EXPECT_THAT(problems_with(certificate, key), testing::IsEmpty());
    EXPECT_THAT(problems_with(certificate, std::nullopt),
                testing::ElementsAre("--set upstream.client_certificate_file: is of no use without "
                                     "upstream.client_key_file: name the key's file there"));
    EXPECT_THAT(problems_with(std::nullopt, key),
                testing::ElementsAre("posthaste.json:1:1: upstream.client_certificate_file: is missing: "
                                     "upstream.client_key_file is of no use without it"));
}

TEST(client_certificate, must_be_one_that_can_be_read) {
    const scratch_folder folder;
    const auto key = folder.write("k.pem", a_key);
    EXPECT_THAT(problems_with(folder.path() + "/none", key),
                testing::ElementsAre("--set upstream.client_certificate_file: " + folder.path() +
                                     "/none cannot be read: No such file or directory"));
    EXPECT_THAT(problems_with(folder.write("empty.pem", ""), key),
                testing::ElementsAre(testing::HasSubstr("holds no certificate in PEM form")));
}

TEST(client_key, is_a_secret) {
    const scratch_folder folder;
    const auto certificate = folder.write("c.pem", a_certificate, 0644);
    const auto open = folder.write("credentials/k.pem", a_key, 0644);
    EXPECT_THAT(problems_with(certificate, open),
                testing::ElementsAre("--set upstream.client_key_file: " + open +
                                     " is open to every user of this host (mode 0644): run  chmod o= " + open));
    EXPECT_THAT(problems_with(certificate, open, {{"CREDENTIALS_DIRECTORY", folder.path() + "/credentials"}}),
                testing::IsEmpty());
    EXPECT_THAT(problems_with(certificate, folder.write("group.pem", a_key, 0640)), testing::IsEmpty());
}

TEST(client_key, must_be_one_that_can_be_used) {
    const scratch_folder folder;
    const auto certificate = folder.write("c.pem", a_certificate, 0644);
    EXPECT_THAT(problems_with(certificate, folder.path() + "/none"),
                testing::ElementsAre(testing::HasSubstr("/none cannot be read: No such file or directory")));
    EXPECT_THAT(problems_with(certificate, folder.write("other.pem", a_certificate)),
                testing::ElementsAre(testing::HasSubstr("holds no private key in PEM form")));
    EXPECT_THAT(problems_with(certificate, folder.write("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n")),
                testing::ElementsAre(testing::HasSubstr("is encrypted")));
}

}  // namespace
}  // namespace posthaste
