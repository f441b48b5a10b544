// The file as a whole: defaults, unknown keys, places, all problems at once, overrides.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::loaded;
using test::problems_of;
using test::scratch_folder;
using test::with_url;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto smallest = R"({"upstream": {"url": "https://production.runalloy.com"}})";

TEST(load, takes_the_smallest_file_and_fills_in_the_defaults) {
    const auto all = loaded(smallest);
    EXPECT_EQ(all.upstream.url.host, "production.runalloy.com");
    EXPECT_TRUE(all.upstream.url.tls);
    ASSERT_EQ(all.listen.addresses.size(), 1u);
    EXPECT_EQ(all.listen.addresses[0].host, "127.0.0.1");
    EXPECT_EQ(all.listen.addresses[0].port, 8650);
    EXPECT_EQ(all.limits.body, 1 * MiB);
    EXPECT_EQ(all.queue.path, "/var/lib/posthaste/outbox.db");
    EXPECT_EQ(all.upstream.api_version, "2025-09");
    EXPECT_EQ(all.upstream.response_timeout, seconds{30});
    EXPECT_EQ(all.delivery.retry.max_age, std::chrono::hours{24 * 5});
    EXPECT_TRUE(all.events.schemas.empty());
    EXPECT_EQ(all.events.check, schema_check::enforce);
    EXPECT_EQ(all.log.format, log_format::text);
}

TEST(load, takes_comments) {
    const auto all = loaded("// first\n{\"upstream\": /* here */ {\"url\": \"https://api.example.com\"}} // last");
    EXPECT_EQ(all.upstream.url.host, "api.example.com");
}

TEST(load, names_an_unknown_key_with_its_place_and_the_likely_one) {
    EXPECT_THAT(problems_of("{\n  \"upstream\": {\n    \"url\": \"https://api.example.com\",\n"
                            "      \"response_timout\": \"5s\"\n  }\n}"),
                ElementsAre("posthaste.json:4:7: upstream.response_timout: unknown key (did you mean "
                            "\"response_timeout\"?)"));
}

TEST(load, suggests_nothing_where_nothing_is_near) {
    EXPECT_THAT(problems_of(with_url(R"("colour": "red")")), ElementsAre("posthaste.json:1:50: colour: unknown key"));
}

TEST(load, suggests_a_section_at_the_top_level) {
    EXPECT_THAT(problems_of(with_url(R"("qeue": {})")),
                ElementsAre("posthaste.json:1:50: qeue: unknown key (did you mean \"queue\"?)"));
}

TEST(load, takes_no_path_for_a_name) {
    EXPECT_THAT(problems_of(R"({"upstream": {"url": "https://a.example"}, "upstream.url": "https://b.example"})"),
                ElementsAre("posthaste.json:1:44: [\"upstream.url\"]: unknown key (write \"upstream\": {\"url\": …})"));
    EXPECT_THAT(
        problems_of(with_url(R"("delivery": {"retry.max": "5m"})")),
        ElementsAre("posthaste.json:1:63: delivery[\"retry.max\"]: unknown key (write \"retry\": {\"max\": …})"));
}

TEST(load, suggests_the_right_section_for_a_key_in_the_wrong_one) {
    EXPECT_THAT(problems_of(with_url(R"("durability": "full")")),
                ElementsAre("posthaste.json:1:50: durability: unknown key (did you mean \"queue.durability\"?)"));
}

TEST(load, refuses_a_key_that_stands_in_the_file_without_showing_it) {
    EXPECT_THAT(problems_of(R"({"upstream": {"url": "https://api.example.com", "api_key": "hush"}})"),
                ElementsAre("posthaste.json:1:49: upstream.api_key: unknown key (did you mean \"api_key_file\"?)"));
}

TEST(load, shows_odd_names_in_brackets) {
    EXPECT_THAT(problems_of(with_url(R"("a.b": 1, "log": {"x y\n": 1})")),
                ElementsAre("posthaste.json:1:50: [\"a.b\"]: unknown key",
                            "posthaste.json:1:68: log[\"x y\\\\n\"]: unknown key"));
}

TEST(load, refuses_a_section_that_is_no_object) {
    EXPECT_THAT(problems_of(with_url(R"("delivery": {"retry": "5s"})")),
                ElementsAre("posthaste.json:1:72: delivery.retry: expected an object, found \"5s\""));
    EXPECT_THAT(problems_of(R"({"upstream": "https://api.example.com"})", {}, {}),
                ElementsAre("posthaste.json:1:14: upstream: expected an object, found \"https://api.example.com\""))
        << "what could stand in it is not missing for itself";
}

TEST(load, lists_all_problems_in_the_order_of_the_file) {
    EXPECT_THAT(
        problems_of("{\"log\": {\"level\": \"loud\"},\n \"limits\": {\"connections\": 0, \"bodi\": \"1MiB\"},\n"
                    " \"queue\": {\"path\": 5}}",
                    {}, {}),
        ElementsAre("posthaste.json:1:1: upstream.url: is missing: the base URL of the API, such as "
                    "\"https://production.runalloy.com\"",
                    "posthaste.json:1:1: upstream.api_key_file: no API key: name its file here, or give the key as "
                    "$POSTHASTE_API_KEY, or as the systemd credential api_key",
                    "posthaste.json:1:19: log.level: expected \"debug\", \"info\", \"warn\" or \"error\", found "
                    "\"loud\"",
                    "posthaste.json:2:28: limits.connections: expected a whole number from 1 to 65536, found 0",
                    "posthaste.json:2:31: limits.bodi: unknown key (did you mean \"body\"?)",
                    "posthaste.json:3:20: queue.path: expected a path, found a whole number"));
}

TEST(load, places_what_is_missing_where_it_belongs) {
    EXPECT_THAT(problems_of("{\n  \"upstream\": {}\n}"),
                ElementsAre(testing::StartsWith("posthaste.json:2:15: upstream.url: is missing: ")));
}

TEST(load, tells_where_the_json_is_malformed) {
    const auto problems = problems_of("{\n  \"upstream\": }");
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0], testing::StartsWith("posthaste.json:2:15: "));
}

TEST(load, refuses_a_file_that_is_no_object) {
    EXPECT_THAT(problems_of("[]"),
                ElementsAre("posthaste.json:1:1: expected an object: {\"upstream\": {…}, …}, found an array"));
}

TEST(load, says_what_to_do_when_there_is_no_file) {
    const auto all = load_settings({"/nonexistent/posthaste.json", std::nullopt, {}}, test::environment_of({}));
    ASSERT_FALSE(all);
    ASSERT_EQ(all.error().size(), 1u);
    EXPECT_EQ(all.error()[0].text,
              "/nonexistent/posthaste.json: cannot be read: No such file or directory; write at least {\"upstream\": "
              "{\"url\": \"https://…\"}} there, or name another file with --config");
}

TEST(load, reads_the_file_it_is_given) {
    const scratch_folder folder;
    const auto all =
        load_settings({folder.write("p.json", smallest), std::nullopt, {}}, test::environment_of(test::with_key));
    ASSERT_TRUE(all);
    EXPECT_EQ(all->upstream.url.host, "production.runalloy.com");
}

TEST(load, refuses_a_folder_as_its_file) {
    const scratch_folder folder;
    const auto all = load_settings({folder.path(), std::nullopt, {}}, test::environment_of({}));
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error()[0].text, folder.path() + ": cannot be read: Is a directory");
}

TEST(load, logs_for_the_journal_by_default_under_systemd) {
    auto env = test::with_key;
    env["JOURNAL_STREAM"] = "8:1234";
    EXPECT_EQ(loaded(smallest, {}, env).log.format, log_format::journal);
    EXPECT_EQ(loaded(smallest, {{"log.format", "text"}}, env).log.format, log_format::text);
}

TEST(overrides, win_over_the_file) {
    const auto all = loaded(with_url(R"("log": {"level": "debug"})"), {{"log.level", "warn"}});
    EXPECT_EQ(all.log.level, log_level::warn);
}

TEST(overrides, spare_the_value_of_the_file_that_they_replace) {
    EXPECT_THAT(problems_of(with_url(R"("log": {"level": 5})"), {{"log.level", "warn"}}), IsEmpty());
}

TEST(overrides, take_json_and_bare_words) {
    const auto all = loaded("{}", {{"upstream.url", "https://api.example.com/v1"},
                                   {"upstream.api_version", "2024-03"},
                                   {"limits.connections", "7"},
                                   {"limits.body", "\"64KiB\""},
                                   {"listen.addresses", "[\"127.0.0.1:0\", \"[::1]:0\"]"},
                                   {"upstream.allow_plain_http", "true"},
                                   {"upstream.ca_file", "null"},
                                   {"queue.path", "/tmp/outbox.db"}});
    EXPECT_EQ(all.upstream.url.path_prefix, "/v1");
    EXPECT_EQ(all.upstream.api_version, "2024-03");
    EXPECT_EQ(all.limits.connections, 7u);
    EXPECT_EQ(all.limits.body, 64 * KiB);
    EXPECT_EQ(all.listen.addresses.size(), 2u);
    EXPECT_TRUE(all.upstream.allow_plain_http);
    EXPECT_FALSE(all.upstream.ca_file);
    EXPECT_EQ(all.queue.path, "/tmp/outbox.db");
}

TEST(overrides, take_the_last_of_two_for_one_key) {
    EXPECT_EQ(loaded(smallest, {{"log.level", "warn"}, {"log.level", "error"}}).log.level, log_level::error);
}

TEST(overrides, are_named_in_their_problems) {
    EXPECT_THAT(problems_of(smallest, {{"upstream.ulr", "x"},
                                       {"upstraem.url", "x"},
                                       {"delivery.retry", "{}"},
                                       {"events", "{\"A\": "},
                                       {"limits.connections", "many"},
                                       {"listen.addresses", "[\"127.0.0.1:1\", \"somewhere:1\"]"}}),
                ElementsAre("--set upstream.ulr: unknown key (did you mean \"url\"?)",
                            "--set upstraem.url: unknown key (did you mean \"upstream.url\"?)",
                            "--set delivery.retry: holds keys and is none itself: set one of them, as in --set "
                            "upstream.url=…",
                            testing::StartsWith("--set events: malformed JSON at column 7: "),
                            "--set listen.addresses[1]: expected ADDRESS:PORT, such as \"127.0.0.1:8650\" or "
                            "\"[::1]:8650\", or unix:/PATH; a name cannot be listened on, but for localhost",
                            "--set limits.connections: expected a whole number from 1 to 65536, found \"many\""));
}

TEST(overrides, are_named_in_what_their_key_breaks_with_another) {
    EXPECT_THAT(
        problems_of(smallest, {{"delivery.retry.initial", "10m"}}),
        ElementsAre("--set delivery.retry.initial: expected at most delivery.retry.max (\"5m\"), found \"10m\""));
}

TEST(client_address, is_the_first_one_of_the_file) {
    const auto address = load_client_address({"f", R"({"listen": {"addresses": ["[::1]:9000", "127.0.0.1:1"]}})", {}});
    ASSERT_TRUE(address);
    EXPECT_EQ(address->host, "::1");
    EXPECT_EQ(address->port, 9000);
}

TEST(client_address, may_be_a_unix_socket) {
    const auto address = load_client_address({"f", R"({"listen": {"addresses": ["unix:/a"]}})", {}});
    ASSERT_TRUE(address);
    EXPECT_EQ(address->socket_path, "/a");
}

TEST(client_address, is_the_default_where_the_file_names_none) {
    const auto address = load_client_address({"f", R"({"colour": "red"})", {}});
    ASSERT_TRUE(address);
    EXPECT_EQ(address->port, 8650);
}

TEST(client_address, is_a_problem_where_it_cannot_be_read) {
    EXPECT_EQ(load_client_address({"f", R"({"listen": {"addresses": []}})", {}}).error().text,
              "f:1:26: listen.addresses: has no address that can be asked");
    EXPECT_EQ(load_client_address({"f", R"({"listen": {"addresses": [5]}})", {}}).error().text,
              "f:1:26: listen.addresses: has no address that can be asked");
}

}  // namespace
}  // namespace posthaste
