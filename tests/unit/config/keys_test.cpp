// What each key takes and refuses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/config/network_readers.hpp"
#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::loaded;
using test::problems_of;
using test::scratch_folder;
using test::with_url;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::vector<std::string> problems_with(const std::string& key, const std::string& value) {
    return problems_of("{}", {{"upstream.url", "https://api.example.com"}, {key, value}});
}

settings loaded_with(const std::string& key, const std::string& value) {
    return loaded("{}", {{"upstream.url", "https://api.example.com"}, {key, value}});
}

TEST(durations, need_a_unit) {
    EXPECT_THAT(problems_with("upstream.connect_timeout", "5"),
                ElementsAre("--set upstream.connect_timeout: expected a duration with its unit (\"250ms\", \"5s\", "
                            "\"10m\", \"24h\", \"30d\"), found 5"));
    EXPECT_THAT(problems_with("upstream.connect_timeout", "soon"),
                ElementsAre("--set upstream.connect_timeout: expected a duration with its unit (\"250ms\", \"5s\", "
                            "\"10m\", \"24h\", \"30d\"), found \"soon\""));
}

TEST(durations, keep_to_their_range) {
    EXPECT_THAT(
        problems_with("upstream.connect_timeout", "1ms"),
        ElementsAre("--set upstream.connect_timeout: expected a duration from \"10ms\" to \"5m\", found \"1ms\""));
    EXPECT_EQ(loaded_with("queue.keep_delivered", "0s").queue.keep_delivered, seconds{0});
    EXPECT_THAT(problems_with("queue.keep_dead", "999999999999d"),
                ElementsAre("--set queue.keep_dead: expected a duration from \"0s\" to \"3650d\", found "
                            "\"999999999999d\""));
}

TEST(sizes, need_a_unit) {
    EXPECT_THAT(problems_with("limits.body", "1048576"),
                ElementsAre("--set limits.body: expected a size with its unit (\"64KiB\", \"1MiB\", \"4GiB\"), found "
                            "1048576"));
}

TEST(sizes, keep_to_their_range) {
    EXPECT_THAT(problems_with("limits.body", "65MiB"),
                ElementsAre("--set limits.body: expected a size from \"1KiB\" to \"32MiB\", found \"65MiB\""));
    EXPECT_THAT(problems_with("limits.batch_body", "33MiB"),
                ElementsAre("--set limits.batch_body: expected a size from \"1KiB\" to \"32MiB\", found \"33MiB\""));
    EXPECT_EQ(loaded_with("limits.batch_body", "32MiB").limits.batch_body, 32 * MiB);
    EXPECT_THAT(problems_with("limits.body", "1023B"),
                ElementsAre("--set limits.body: expected a size from \"1KiB\" to \"32MiB\", found \"1023B\""));
    EXPECT_EQ(loaded_with("limits.body", "1KiB").limits.body, 1 * KiB);
    EXPECT_THAT(problems_with("limits.body", "99999999999GiB"),
                ElementsAre("--set limits.body: expected a size from \"1KiB\" to \"32MiB\", found \"99999999999GiB\""));
}

TEST(counts, are_whole_numbers_in_their_range) {
    for (const auto* wrong : {"0", "-1", "1025", "99999999999", "\"5\""}) {
        EXPECT_THAT(problems_with("upstream.max_concurrency", wrong),
                    ElementsAre(testing::StartsWith(
                        "--set upstream.max_concurrency: expected a whole number from 1 to 1024, found ")));
    }
    for (const std::string wrong : {"1.5", "1e2", "0.5", "12345678901234567890", "12345678901234567890123"}) {
        EXPECT_THAT(
            problems_with("upstream.max_concurrency", wrong),
            ElementsAre("--set upstream.max_concurrency: expected a whole number from 1 to 1024, found " + wrong));
    }
    EXPECT_EQ(loaded_with("queue.max_events", "1").queue.max_events, 1u);
}

TEST(flags, are_true_or_false) {
    EXPECT_THAT(problems_with("upstream.allow_plain_http", "yes"),
                ElementsAre("--set upstream.allow_plain_http: expected true or false, found \"yes\""));
}

TEST(choices, are_told_with_the_likely_one) {
    EXPECT_THAT(problems_with("queue.durability", "ful"),
                ElementsAre("--set queue.durability: expected \"full\" or \"process\", found \"ful\" (did you mean "
                            "\"full\"?)"));
    EXPECT_EQ(loaded_with("queue.durability", "process").queue.durability, durability::process);
}

TEST(choices, do_not_take_what_does_not_exist_yet) {
    EXPECT_THAT(problems_with("schemas", "warm"),
                ElementsAre("--set schemas: expected \"enforce\", \"warn\" or \"off\", found \"warm\" (did you mean "
                            "\"warn\"?)"));
    EXPECT_EQ(loaded_with("schemas", "enforce").events.check, schema_check::enforce);
    EXPECT_EQ(loaded_with("schemas", "warn").events.check, schema_check::warn);
    EXPECT_EQ(loaded_with("schemas", "off").events.check, schema_check::off);
    EXPECT_TRUE(loaded_with("unknown_events", "reject").events.reject_unknown_events);
    EXPECT_TRUE(loaded_with("unknown_fields", "reject").events.reject_unknown_fields);
}

TEST(listen_addresses, are_addresses_with_ports) {
    const auto all =
        loaded_with("listen.addresses", R"(["localhost:1", "127.1.2.3:0", "[::1]:65535", "[::ffff:127.0.0.1]:2"])");
    ASSERT_EQ(all.listen.addresses.size(), 4u);
    EXPECT_EQ(all.listen.addresses[0].host, "127.0.0.1");
    EXPECT_EQ(all.listen.addresses[1].host, "127.1.2.3");
    EXPECT_EQ(all.listen.addresses[1].port, 0);
    EXPECT_EQ(all.listen.addresses[2].host, "::1");
    EXPECT_EQ(all.listen.addresses[2].port, 65535);
    EXPECT_EQ(all.listen.addresses[3].host, "127.0.0.1");
}

TEST(listen_addresses, may_be_unix_sockets) {
    const auto all = loaded_with("listen.addresses", R"(["unix:/run/a b/posthaste.sock", "127.0.0.1:1"])");
    ASSERT_EQ(all.listen.addresses.size(), 2u);
    EXPECT_TRUE(all.listen.addresses[0].is_unix());
    EXPECT_EQ(all.listen.addresses[0].socket_path, "/run/a b/posthaste.sock");
    EXPECT_FALSE(all.listen.addresses[1].is_unix());
    EXPECT_EQ(to_string(all.listen.addresses[0]), "unix:/run/a b/posthaste.sock");
    EXPECT_THAT(problems_with("listen.addresses", R"(["unix:/a", "unix:/b"])"), IsEmpty());
    EXPECT_THAT(problems_with("listen.addresses", R"(["unix:/a", "unix:/a"])"),
                ElementsAre("--set listen.addresses: unix:/a is listed twice"));
}

TEST(listen_addresses, of_other_machines_need_allow_remote_and_tokens) {
    const scratch_folder folder;
    const config_override tokens{"listen.access_tokens_file", "\"" + folder.write("tokens", "app one") + "\""};
    const config_override allowed{"listen.allow_remote", "true"};
    const config_override url{"upstream.url", "https://api.example.com"};
    for (const auto* remote : {"0.0.0.0:8650", "192.168.1.5:8650", "[::]:8650", "[fe80::1]:8650"}) {
        const config_override address{"listen.addresses", "[\"127.0.0.1:1\", \"" + std::string(remote) + "\"]"};
        const std::string start =
            "--set listen.addresses: " + std::string(remote) + " can be reached from other machines";
        EXPECT_THAT(problems_of("{}", {url, address}),
                    ElementsAre(start + ": use 127.0.0.1 or [::1], or set listen.allow_remote to true, and "
                                        "listen.access_tokens_file"));
        EXPECT_THAT(problems_of("{}", {url, address, tokens}), SizeIs(1));
        EXPECT_THAT(problems_of("{}", {url, address, allowed}),
                    ElementsAre(start + ", and anybody there could send and read: set listen.access_tokens_file, too"));
        EXPECT_THAT(problems_of("{}", {url, address, allowed, tokens}), IsEmpty());
    }
    EXPECT_THAT(problems_of("{}", {url, {"listen.addresses", R"(["unix:/a", "[::1]:1"])"}}), IsEmpty());
}

TEST(listen_addresses, are_each_judged_whatever_is_wrong_with_the_others) {
    const std::string remote =
        " can be reached from other machines: use 127.0.0.1 or [::1], or set "
        "listen.allow_remote to true, and listen.access_tokens_file";
    EXPECT_THAT(problems_with("listen.addresses", R"(["0.0.0.0:1", "127.0.0.1", "10.0.0.1:2"])"),
                ElementsAre("--set listen.addresses[1]: expected ADDRESS:PORT, such as \"127.0.0.1:8650\" or "
                            "\"[::1]:8650\", or unix:/PATH, found no port",
                            "--set listen.addresses: 0.0.0.0:1 and 10.0.0.1:2" + remote));
    EXPECT_THAT(
        problems_with("listen.addresses", R"(["0.0.0.0:1", "0.0.0.0:1", "0.0.0.0:1"])"),
        ElementsAre("--set listen.addresses: 0.0.0.0:1 is listed twice", "--set listen.addresses: 0.0.0.0:1" + remote));
}

TEST(listen_addresses, of_what_a_url_leads_to_are_on_loopback) {
    EXPECT_EQ(parse_loopback_address("[::1]:5")->host, "::1");
    for (const char* other : {"0.0.0.0:8650", "192.168.1.5:8650", "[::]:8650", "unix:/a"})
        EXPECT_THAT(parse_loopback_address(other).error(), StartsWith("only loopback addresses can be listened on"));
}

TEST(listen_addresses, are_refused_in_any_other_form) {
    const std::string wanted = "expected ADDRESS:PORT, such as \"127.0.0.1:8650\" or \"[::1]:8650\", or unix:/PATH";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"\"127.0.0.1\"", ", found no port"},
        {"\"::1:8650\"", ""},
        {"\"[127.0.0.1]:8650\"", ""},
        {"\":8650\"", ""},
        {"\"127.0.0.1:\"", ", with a port from 0 to 65535"},
        {"\"127.0.0.1:65536\"", ", with a port from 0 to 65535"},
        {"\"127.0.0.1:+1\"", ", with a port from 0 to 65535"},
        {"\"myhost:8650\"", "; a name cannot be listened on, but for localhost"},
        {"\"127.1:8650\"", "; a name cannot be listened on, but for localhost"},
        {"\"unix:relative\"", "; the path is not absolute"},
        {"\"unix:\"", "; the path is not absolute"},
        {"\"unix:/run/\"", "; the path names a folder"},
        {"\"unix:/" + std::string(107, 'a') + "\"", "; the path is longer than the 107 bytes a socket's may have"},
        {"8650", ", found a whole number"},
    };
    for (const auto& [value, rest] : cases) {
        EXPECT_THAT(problems_with("listen.addresses", "[" + value + "]"),
                    ElementsAre("--set listen.addresses[0]: " + wanted + rest));
    }
}

TEST(listen_addresses, are_at_least_one_and_different) {
    EXPECT_THAT(problems_with("listen.addresses", "[]"),
                ElementsAre("--set listen.addresses: expected at least one address, such as [\"127.0.0.1:8650\"]"));
    EXPECT_THAT(problems_with("listen.addresses", R"(["localhost:5", "127.0.0.1:5"])"),
                ElementsAre("--set listen.addresses: 127.0.0.1:5 is listed twice"));
    EXPECT_THAT(problems_with("listen.addresses", R"(["127.0.0.1:0", "127.0.0.1:0"])"), IsEmpty());
    EXPECT_THAT(problems_with("listen.addresses", "127.0.0.1:5"),
                ElementsAre("--set listen.addresses: expected an array of addresses, such as [\"127.0.0.1:8650\"], "
                            "found \"127.0.0.1:5\""));
    EXPECT_THAT(problems_of("{}", {{"upstream.url", "http://127.0.0.1:8650"}, {"listen.addresses", "["}}), SizeIs(1))
        << "the default is not what was meant";
}

TEST(allowed_hosts, are_names_alone) {
    EXPECT_THAT(loaded_with("listen.allowed_hosts", R"(["Posthaste.Internal", "my_host"])").listen.allowed_hosts,
                ElementsAre("posthaste.internal", "my_host"));
    for (const auto* wrong : {"http://a", "a:80", "", "-a", "a b"}) {
        EXPECT_THAT(problems_with("listen.allowed_hosts", "[\"" + std::string(wrong) + "\"]"),
                    ElementsAre("--set listen.allowed_hosts[0]: expected a host name without scheme and port, such as "
                                "\"posthaste.internal\", found \"" +
                                std::string(wrong) + "\""));
    }
}

TEST(api_version, is_a_year_and_a_month) {
    for (const auto* wrong : {"2025-13", "2025-00", "2025-9", "2025-090", "v1", "latest"}) {
        EXPECT_THAT(
            problems_with("upstream.api_version", wrong),
            ElementsAre("--set upstream.api_version: expected a version as YYYY-MM, such as \"2025-09\", found \"" +
                        std::string(wrong) + "\""));
    }
}

TEST(upstream_url, is_required) {
    EXPECT_THAT(problems_of("{}"),
                ElementsAre("posthaste.json:1:1: upstream.url: is missing: the base URL of the API, such as "
                            "\"https://production.runalloy.com\""));
}

TEST(upstream_url, is_not_shown_when_it_is_wrong) {
    const auto problems = problems_of("{}", {{"upstream.url", "https://user:hush@api.example.com"}});
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0], testing::StartsWith("--set upstream.url: expected a URL such as "
                                                 "\"https://production.runalloy.com\"; this one "));
    EXPECT_THAT(problems[0], testing::Not(testing::HasSubstr("hush")));
}

TEST(upstream_url, is_plain_http_only_to_loopback_unless_allowed) {
    EXPECT_THAT(problems_of("{}", {{"upstream.url", "http://api.example.com"}}),
                ElementsAre("--set upstream.url: the API key would cross the network unencrypted: use https://, or set "
                            "upstream.allow_plain_http to true"));
    EXPECT_THAT(problems_of("{}", {{"upstream.url", "http://api.example.com"}, {"upstream.allow_plain_http", "true"}}),
                IsEmpty());
    EXPECT_THAT(problems_of("{}", {{"upstream.url", "http://127.0.0.1:9000"}}), IsEmpty());
    EXPECT_THAT(problems_of("{}", {{"upstream.url", "http://[::1]:9000"}}), IsEmpty());
}

TEST(upstream_url, is_not_where_posthaste_listens) {
    for (const auto* itself : {"http://127.0.0.1:8650", "http://localhost:8650/v1"}) {
        EXPECT_THAT(
            problems_of("{}", {{"upstream.url", itself}}),
            ElementsAre("--set upstream.url: is an address of listen.addresses: posthaste would send every event "
                        "to itself, again and again"));
    }
}

TEST(queue, has_room_for_the_largest_event) {
    EXPECT_THAT(problems_of(with_url(R"("limits": {"body": "2MiB"}, "queue": {"max_bytes": "1MiB"})")),
                ElementsAre("posthaste.json:1:101: queue.max_bytes: expected at least limits.body (\"2MiB\"), found "
                            "\"1MiB\": the largest event would never fit"));
}

TEST(retry, begins_with_at_most_its_maximum) {
    EXPECT_THAT(
        problems_of(with_url(R"("delivery": {"retry": {"initial": "2s", "max": "1s"}})")),
        ElementsAre("posthaste.json:1:84: delivery.retry.initial: expected at most delivery.retry.max (\"1s\"), "
                    "found \"2s\""));
    // A value that could not be read is not compared as well.
    EXPECT_THAT(problems_of(with_url(R"("delivery": {"retry": {"initial": 5, "max": "500ms"}})")), testing::SizeIs(1));
}

TEST(paths, are_not_shown_when_they_are_none) {
    EXPECT_THAT(problems_with("upstream.api_key_file", "5"),
                ElementsAre("--set upstream.api_key_file: expected a path, found a whole number"));
    EXPECT_THAT(problems_with("queue.path", ""),
                ElementsAre("--set queue.path: expected a path, found an empty string"));
}

TEST(statuses, are_read_with_what_they_mean) {
    const auto all =
        loaded_with("delivery.statuses", R"({"409": "delivered", "404": "retry", "500": "dead", "422": "pause"})");
    EXPECT_EQ(all.delivery.statuses,
              (std::map<int, verdict>{
                  {404, verdict::retry}, {409, verdict::delivered}, {422, verdict::pause}, {500, verdict::dead}}));
}

TEST(statuses, that_are_none_or_mean_nothing_are_all_told) {
    const std::string six = R"({"40": "retry", "4040": "dead", "abc": "dead", "100": "retry", )"
                            R"("404": "forget", "410": 5})";
    EXPECT_THAT(problems_with("delivery.statuses", six), testing::SizeIs(6));
    EXPECT_THAT(
        problems_with("delivery.statuses", R"({"404": "retyr"})"),
        ElementsAre("--set delivery.statuses.404: expected \"delivered\", \"retry\", \"dead\" or \"pause\", found "
                    "\"retyr\" (did you mean \"retry\"?)"));
    EXPECT_THAT(problems_with("delivery.statuses", "5"), testing::SizeIs(1));
}

TEST(rate_limit, is_a_whole_number_or_none) {
    EXPECT_EQ(loaded_with("upstream.rate_limit", "50").upstream.rate_limit, 50u);
    EXPECT_EQ(loaded_with("upstream.rate_limit", "null").upstream.rate_limit, std::nullopt);
    EXPECT_THAT(problems_with("upstream.rate_limit", "0"), testing::SizeIs(1));
    EXPECT_THAT(problems_with("upstream.rate_limit", "\"50/s\""), testing::SizeIs(1));
}

}  // namespace
}  // namespace posthaste
