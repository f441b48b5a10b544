// The command line: what each command prints, and where, and its exit code.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/certificates.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/process.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

finished posthaste(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), posthaste_binary());
    return run_to_end({std::move(arguments),
                       {{"POSTHASTE_API_KEY", daemon_under_test::api_key}, {"POSTHASTE_SERVER", ""}},
                       {},
                       input});
}

// What a command that was used wrongly says: one line, exit code 2.
std::string usage_error(const std::vector<std::string>& arguments) {
    const auto ended = posthaste(arguments);
    EXPECT_EQ(ended.status, 2) << ended.error;
    EXPECT_EQ(ended.output, "");
    return ended.error;
}

std::string configuration(const temp_folder& folder, const std::string& upstream_url = "http://127.0.0.1:9") {
    const nlohmann::json content = {{"queue", {{"path", folder / "outbox.db"}, {"disk_reserve", "1MiB"}}},
                                    {"upstream", {{"url", upstream_url}, {"connect_timeout", "20s"}}}};
    return folder.write("posthaste.json", content.dump());
}

TEST(cli, tells_its_version) {
    const auto ended = posthaste({"--version"});
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.output, MatchesRegex("posthaste [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(cli, helps_with_each_command) {
    const auto whole = posthaste({"--help"});
    EXPECT_EQ(whole.status, 0);
    for (const std::string name :
         {"run", "dev", "check", "recover", "send", "status", "events", "show", "retry", "discard", "sandbox"}) {
        EXPECT_THAT(whole.output, HasSubstr("\n  " + name + " "));
        const auto one = posthaste({name, "--help"});
        EXPECT_EQ(one.status, 0);
        EXPECT_THAT(one.output, HasSubstr("Usage: posthaste " + name + " "));
    }
}

TEST(cli, names_a_usage_error_in_one_line) {
    EXPECT_EQ(usage_error({}), "posthaste: name a command; see posthaste --help\n");
    EXPECT_EQ(usage_error({"chek"}),
              "posthaste: there is no command \"chek\" (did you mean \"check\"?); see posthaste --help\n");
    EXPECT_EQ(usage_error({"--verson"}),
              "posthaste: there is no option --verson (did you mean \"--version\"?); see posthaste --help\n");
    EXPECT_EQ(usage_error({"events", "--usr", "1"}),
              "posthaste events: there is no option --usr (did you mean \"--user\"?); see posthaste events --help\n");
    EXPECT_EQ(usage_error({"events", "--limit", "abc"}),
              "posthaste events: --limit: expected a whole number from 1 to 1000000, found \"abc\"; see posthaste "
              "events --help\n");
    EXPECT_EQ(usage_error({"export", "--state", "delivered"}),
              "posthaste export: --state: expected pending or dead; see posthaste export --help\n");
    EXPECT_EQ(usage_error({"send", "Ticket Created"}),
              "posthaste send: --user is required; see posthaste send --help\n");
    EXPECT_EQ(usage_error({"run", "--set", "log.level"}),
              "posthaste run: --set: takes key=value, such as log.level=debug; see posthaste run --help\n");
    EXPECT_EQ(usage_error({"send", "A", "--user", "1", "--wait", "10"}),
              "posthaste send: --wait: expected a duration with its unit, such as 10s; see posthaste send --help\n");
}

TEST(cli, says_what_is_wrong_with_a_number_a_duration_or_what_is_given_twice) {
    EXPECT_EQ(usage_error({"send", "A", "--user", "1", "--wait", "0s"}),
              "posthaste send: --wait: expected a duration over 0, such as 10s; see posthaste send --help\n");
    EXPECT_EQ(usage_error({"send", "A", "--user", "1", "--wait", "99999999d"}),
              "posthaste send: --wait: expected a shorter duration, such as 10s; see posthaste send --help\n");
    EXPECT_EQ(usage_error({"drain", "--timeout", "99999999d"}),
              "posthaste drain: --timeout: expected a shorter duration, such as 10m; see posthaste drain --help\n");
    EXPECT_EQ(usage_error({"sandbox", "--retry-after", "x"}),
              "posthaste sandbox: --retry-after: expected a whole number from 0 to 86400, found \"x\"; see posthaste "
              "sandbox --help\n");
    EXPECT_EQ(usage_error({"sandbox", "--status", "abc"}),
              "posthaste sandbox: --status: expected a whole number from 400 to 599, found \"abc\"; see posthaste "
              "sandbox --help\n");
    EXPECT_EQ(usage_error({"sandbox", "--drop-rate", "often"}),
              "posthaste sandbox: --drop-rate: expected a number from 0 to 1, found \"often\"; see posthaste sandbox "
              "--help\n");
    EXPECT_EQ(usage_error({"run", "--config", "a", "--config", "b"}),
              "posthaste run: --config is given 2 times, and can be given only once; see posthaste run --help\n");
    EXPECT_EQ(usage_error({"run", "--config"}),
              "posthaste run: --config needs a value: FILE; see posthaste run --help\n");
}

TEST(run_command, lists_all_problems_of_the_configuration) {
    const temp_folder folder;
    const auto file = folder.write("posthaste.json", "{\"log\": {\"levle\": 1},\n \"limits\": {\"body\": 5}}");
    const auto ended = posthaste({"run", "--config", file, "--set", "upstream.url=ftp://x"});
    EXPECT_EQ(ended.status, 2);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.error, StartsWith(file + ":1:10: log.levle: unknown key (did you mean \"level\"?)\n" + file +
                                        ":2:21: limits.body: expected a size with its unit (\"64KiB\", \"1MiB\", "
                                        "\"4GiB\"), found 5\n--set upstream.url: expected a URL "));
}

TEST(run_command, tells_the_journal_that_problems_of_the_configuration_are_errors) {
    const temp_folder folder;
    const auto file = folder.write("posthaste.json", R"({"log": {"levle": 1}, "upstream": {"url": "ftp://x"}})");
    const auto ended = run_to_end(
        {{"/bin/sh", "-c", "export JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr); exec \"$0\" run --config \"$1\"",
          posthaste_binary(), file},
         {{"POSTHASTE_API_KEY", "key"}},
         {},
         {}});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.error, StartsWith("<3>" + file + ":1:10: log.levle: "));
    EXPECT_THAT(ended.error, HasSubstr("\n<3>" + file + ":1:43: upstream.url: "));
}

TEST(run_command, refuses_an_outbox_that_is_in_use) {
    daemon_under_test first;
    first.start();
    const auto second = posthaste({"run", "--config", first.configuration_path()});
    EXPECT_EQ(second.status, 75);
    EXPECT_THAT(second.error, HasSubstr("in use by process " + std::to_string(first.running().id())));
}

TEST(run_command, refuses_a_port_that_is_taken) {
    daemon_under_test first;
    first.start();
    const temp_folder folder;
    const auto second = posthaste({"run", "--config", configuration(folder), "--set",
                                   "listen.addresses=[\"127.0.0.1:" + std::to_string(first.port()) + "\"]"});
    EXPECT_EQ(second.status, 75);
    EXPECT_THAT(second.error, HasSubstr("127.0.0.1:" + std::to_string(first.port())));
}

TEST(check_command, finds_nothing_to_say_where_all_is_well) {
    const temp_folder folder;
    const auto file = configuration(folder);
    const auto ended = posthaste({"check", "--config", file});
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.error, "");
    EXPECT_EQ(ended.output, "ok    configuration: " + file + "\nok    key: from $POSTHASTE_API_KEY\nok    queue: " +
                                (folder / "outbox.db") + " is not there yet, and can be made\n");
    EXPECT_FALSE(std::filesystem::exists(folder / "outbox.db"));
    EXPECT_FALSE(std::filesystem::exists(folder / "outbox.db.lock"));
}

TEST(check_command, lists_the_problems_of_the_configuration_as_run_does) {
    const temp_folder folder;
    const auto file =
        folder.write("posthaste.json", R"({"upstream": {"url": "https://a.example"}, "log": {"levle": 1}})");
    const auto ended = posthaste({"check", "--config", file});
    EXPECT_EQ(ended.status, 2);
    EXPECT_EQ(ended.error, file + ":1:52: log.levle: unknown key (did you mean \"level\"?)\n");
    const auto report = nlohmann::json::parse(posthaste({"check", "--config", file, "--json"}).output);
    EXPECT_EQ(report["ok"], false);
    EXPECT_EQ(report["steps"][0]["name"], "configuration");
}

TEST(check_command, judges_what_it_can_where_the_configuration_or_the_key_has_a_problem) {
    upstream_process upstream;
    upstream.start();
    const temp_folder folder;
    const auto file = configuration(folder, upstream.url());
    const auto outbox = folder.write("outbox.db", std::string(4096, 'x'));
    const auto keyless = posthaste({"check", "--upstream", "--config", file, "--set", "upstream.api_key_file=/none"});
    EXPECT_EQ(keyless.status, 2);
    EXPECT_THAT(keyless.error, StartsWith("--set upstream.api_key_file: /none cannot be read: "));
    EXPECT_THAT(keyless.output, StartsWith("FAIL  queue: " + outbox + " is damaged or no outbox: "));
    EXPECT_THAT(keyless.output,
                EndsWith("\nok    tcp: connected to 127.0.0.1, port " + std::to_string(upstream.port()) + "\n"));

    const auto broken = posthaste(
        {"check", "--upstream", "--config", file, "--set", "log.levle=1", "--set", "queue.disk_reserve=much"});
    EXPECT_EQ(broken.status, 2);
    EXPECT_THAT(broken.output, HasSubstr("FAIL  queue: " + outbox + " is damaged or no outbox: "));
    EXPECT_THAT(broken.output, HasSubstr("\nok    key: accepted "));
    EXPECT_EQ(upstream.requests().size(), 1U);

    // Nothing is asked of another place than the one that was meant.
    const auto misspelt = folder.write("misspelt.json", R"({"queue": {"pth": "a.db"}, "upstream": {"ulr": "b"}})");
    const auto unsure = posthaste({"check", "--upstream", "--config", misspelt});
    EXPECT_EQ(unsure.status, 2);
    EXPECT_EQ(unsure.output, "");
    const auto another =
        folder.write("another.json", R"({"queu": {"path": "a.db"}, "upstream": {"url": "http://[::1]:9"}})");
    EXPECT_EQ(posthaste({"check", "--config", another}).output, "");
}

TEST(check_command, leaves_a_running_daemon_alone) {
    daemon_under_test daemon;
    daemon.start();
    const auto ended = posthaste({"check", "--config", daemon.configuration_path()});
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.output,
                HasSubstr("ok    queue: " + daemon.outbox_path() + " is in use by the running daemon, pid " +
                          std::to_string(daemon.running().id()) + "\n"));
    const auto low =
        posthaste({"check", "--config", daemon.configuration_path(), "--set", "queue.disk_reserve=1024TiB"});
    EXPECT_EQ(low.status, 1);
    EXPECT_THAT(low.output, HasSubstr("less than queue.disk_reserve (1024TiB): no event would be accepted\n"));
    EXPECT_NE(daemon.post(sample_event()), "");
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(posthaste({"check", "--config", daemon.configuration_path()}).output,
                HasSubstr(" can be used; it holds 1 pending and 0 dead events\n"));
    daemon.start();
}

TEST(check_command, finds_an_outbox_that_is_damaged) {
    const temp_folder folder;
    const auto file = configuration(folder);
    const auto outbox = folder.write("outbox.db", std::string(4096, 'x'));
    const auto ended = posthaste({"check", "--config", file});
    EXPECT_EQ(ended.status, 65);
    EXPECT_THAT(ended.output, HasSubstr("FAIL  queue: " + outbox + " is damaged or no outbox: "));
    EXPECT_EQ(read_whole_file(outbox), std::string(4096, 'x'));
}

TEST(check_command, finds_a_folder_that_cannot_be_used) {
    const temp_folder folder;
    folder.write("file", "");
    const auto ended = posthaste(
        {"check", "--config", configuration(folder), "--set", "queue.path=" + (folder / "file") + "/outbox.db"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, HasSubstr("FAIL  queue: " + (folder / "file") + " is no folder"));
}

TEST(check_command, goes_the_way_to_the_upstream) {
    upstream_process upstream;
    upstream.start();
    const temp_folder folder;
    const auto ended = posthaste({"check", "--upstream", "--config", configuration(folder, upstream.url() + "/base")});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_THAT(ended.output, EndsWith("ok    dns: 127.0.0.1 is 127.0.0.1\nok    tcp: connected to 127.0.0.1, port " +
                                       std::to_string(upstream.port()) +
                                       "\nok    key: accepted (answered 200 to GET /base/users/posthaste-check)\n"));
    ASSERT_EQ(upstream.requests().size(), 1u);
    const auto& request = upstream.requests()[0];
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.path, "/base/users/posthaste-check");
    EXPECT_EQ(request.field("Authorization"), std::string("Bearer ") + daemon_under_test::api_key);
    EXPECT_EQ(request.field("x-api-version"), "2025-09");
}

TEST(check_command, tells_a_refused_key_from_other_answers) {
    upstream_process upstream;
    upstream.start();
    const temp_folder folder;
    const auto file = configuration(folder, upstream.url());
    for (const int refusal : {401, 403}) {
        upstream.answer_with({answers(refusal)});
        const auto ended = posthaste({"check", "--upstream", "--config", file});
        EXPECT_EQ(ended.status, 1);
        EXPECT_THAT(ended.output, EndsWith("FAIL  key: refused (answered " + std::to_string(refusal) +
                                           "): check the key from $POSTHASTE_API_KEY\n"));
        EXPECT_THAT(ended.output, Not(HasSubstr(daemon_under_test::api_key)));
    }
    for (const int unknown : {404, 405}) {
        upstream.answer_with({answers(unknown)});
        const auto ended = posthaste({"check", "--upstream", "--config", file});
        EXPECT_EQ(ended.status, 0);
        EXPECT_THAT(ended.output, EndsWith("\nwarn  key: not refused, but answered " + std::to_string(unknown) +
                                           " to GET /users/posthaste-check: either there is no such user, or "
                                           "upstream.url leads elsewhere (delivery pauses with wrong-url then)\n"));
    }
}

TEST(check_command, stops_at_the_step_that_fails) {
    upstream_process upstream;  // reserves its port, and does not listen
    const temp_folder folder;
    const auto ended = posthaste({"check", "--upstream", "--config", configuration(folder, upstream.url())});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, EndsWith("FAIL  tcp: no connection to " + upstream.url() + ": Connection refused\n"));
}

TEST(check_command, never_shows_the_key_to_an_upstream_with_a_wrong_certificate) {
    certificate_authority authority("The test's own");
    const auto wrong = authority.issue("DNS:elsewhere.example");
    upstream_process upstream(wrong.certificate, wrong.key);
    upstream.start();
    const temp_folder folder;
    const auto file = configuration(folder, upstream.url());
    const auto untrusted = posthaste({"check", "--upstream", "--config", file});
    EXPECT_EQ(untrusted.status, 1);
    EXPECT_THAT(untrusted.output, HasSubstr("\nFAIL  tls: the certificate of "));
    const auto misnamed =
        posthaste({"check", "--upstream", "--config", file, "--set", "upstream.ca_file=" + authority.file()});
    EXPECT_EQ(misnamed.status, 1);
    EXPECT_THAT(misnamed.output, HasSubstr("it was issued for another name"));
    EXPECT_TRUE(upstream.requests().empty());
}

TEST(check_command, trusts_the_certificate_that_delivery_trusts) {
    certificate_authority authority("The test's own");
    const auto right = authority.issue("DNS:localhost,IP:127.0.0.1");
    upstream_process upstream(right.certificate, right.key);
    upstream.start();
    const temp_folder folder;
    const auto ended = posthaste({"check", "--upstream", "--config", configuration(folder, upstream.url()), "--set",
                                  "upstream.ca_file=" + authority.file()});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_THAT(ended.output, HasSubstr("\nok    tls: TLSv1."));
}

TEST(send_command, queues_an_event_byte_for_byte) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const auto ended =
        posthaste({"send", "Ticket \"Created\"", "--user", "ü1", "--data", "-", "--server", daemon.url()},
                  "{\"n\": 12345678901234567890 ,\"e\":\"\\u00e9\"}");
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_THAT(ended.output, MatchesRegex("queued [0-9a-f-]{36}\n"));
    ASSERT_TRUE(upstream.wait_for_requests(1));
    EXPECT_EQ(upstream.requests()[0].body,
              "{\"event\":\"Ticket \\\"Created\\\"\",\"userId\":\"ü1\",\"data\":{\"n\": "
              "12345678901234567890 ,\"e\":\"\\u00e9\"}}");
}

TEST(send_command, takes_its_data_from_a_file_or_does_without) {
    daemon_under_test daemon;
    daemon.start();
    const temp_folder folder;
    const auto file = folder.write("data.json", "{\"a\": 1}\n");
    EXPECT_EQ(posthaste({"send", "A", "--user", "1", "--data", "@" + file, "--server", daemon.url()}).status, 0);
    const auto ended = posthaste({"send", "A", "--user", "1", "--server", daemon.url(), "--json"});
    ASSERT_EQ(ended.status, 0) << ended.error;
    const auto answer = nlohmann::json::parse(ended.output);
    EXPECT_EQ(answer["state"], "pending");
    EXPECT_EQ(daemon.event(answer["id"].get<std::string>())["data"], nlohmann::json::object());
}

TEST(send_command, finds_the_daemon_by_the_first_address_of_the_configuration) {
    daemon_under_test daemon;
    daemon.start();
    const temp_folder folder;
    const auto file =
        folder.write("p.json", R"({"listen": {"addresses": ["127.0.0.1:)" + std::to_string(daemon.port()) + "\"]}}");
    EXPECT_EQ(posthaste({"send", "A", "--user", "1", "--config", file}).status, 0);
    const std::string unset = "POSTHASTE_SERVER= exec \"$0\" send A --user 1 --config \"$1\"";
    EXPECT_EQ(run_to_end({{"/bin/sh", "-c", unset, posthaste_binary(), file}, {}, {}, {}}).status, 0);
    // The file is not looked at where the daemon is named.
    const auto broken = folder.write("broken.json", "{");
    EXPECT_EQ(posthaste({"send", "A", "--user", "1", "--config", broken}).status, 2);
    EXPECT_EQ(posthaste({"send", "A", "--user", "1", "--config", broken, "--server", daemon.url()}).status, 0);
    EXPECT_EQ(run_to_end({{posthaste_binary(), "send", "A", "--user", "1", "--config", broken},
                          {{"POSTHASTE_SERVER", daemon.url()}},
                          {},
                          {}})
                  .status,
              0);
}

TEST(send_command, tells_all_that_is_wrong_with_an_event) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"events", {{"A", {{"a", "String"}, {"b", "Integer"}}}}}});
    daemon.start();
    const auto ended = posthaste({"send", "A", "--user", "1", "--data", R"({"a": 5})", "--server", daemon.url()});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.error, StartsWith("posthaste send: "));
    EXPECT_THAT(ended.error, HasSubstr(" (422)\n"));
    EXPECT_THAT(ended.error, HasSubstr("\n  /data/a: "));
    EXPECT_THAT(ended.error, HasSubstr("\n  /data/b: "));
}

TEST(send_command, refuses_data_that_is_no_json_object_itself) {
    EXPECT_EQ(usage_error({"send", "A", "--user", "1", "--data", "[]", "--server", "http://127.0.0.1:9"}),
              "posthaste send: --data is no JSON object: expected {…}\n");
    EXPECT_EQ(usage_error({"send", "A", "--user", "1", "--data", "{\"a\": }", "--server", "http://127.0.0.1:9"}),
              "posthaste send: --data is malformed JSON at byte 7: expected an object, {…}\n");
    EXPECT_EQ(usage_error({"send", "A", "--user", "1", "--data", "data.json", "--server", "http://127.0.0.1:9"}),
              "posthaste send: --data is malformed JSON at byte 1: expected an object, {…} "
              "(a file is named with @: --data @data.json)\n");
}

TEST(send_command, says_what_to_do_when_no_daemon_runs) {
    upstream_process reserved;  // holds a port that nobody listens on
    const auto ended = posthaste({"send", "A", "--user", "1", "--server", reserved.url()});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.error, "posthaste send: posthaste is not running at " + reserved.url() +
                               " (connection refused): start it with posthaste run, or name it with --server\n");
}

}  // namespace
}  // namespace posthaste
