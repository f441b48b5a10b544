// The closed door: tokens and what each may do, their rotation, several addresses and unix sockets, other machines.

#include <atomic>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/reserved_port.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string app = "app-token-c0ffee";
const std::string operators = "operator-token-c0ffee";

struct guarded_daemon : testing::Test {
    guarded_daemon() { upstream.start(); }

    [[nodiscard]] std::optional<http_answer> call(std::string_view method, std::string_view path,
                                                  const std::string& token, std::string_view body = "") const {
        http_headers headers;
        if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
        if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
        return http_call(daemon.port(), method, path, headers, body);
    }
    [[nodiscard]] int status(std::string_view method, std::string_view path, const std::string& token,
                             std::string_view body = "") const {
        const auto answer = call(method, path, token, body);
        return answer ? answer->status : 0;
    }
    [[nodiscard]] int status_of_post(const std::string& token) const {
        return status("POST", "/run/event", token, sample_event());
    }

    const temp_folder folder;
    const std::string tokens = folder.write("tokens", "# the shop\napp " + app + "\noperator " + operators + "\n");
    upstream_process upstream;
    daemon_under_test daemon{upstream.url(), {{"listen", {{"access_tokens_file", tokens}}}}};
};

using access_to = guarded_daemon;

TEST_F(access_to, sending_and_receipts_takes_an_apps_token_and_the_rest_an_operators) {
    daemon.start();
    const auto queued = call("POST", "/run/event", app, sample_event());
    ASSERT_TRUE(queued);
    ASSERT_EQ(queued->status, 202) << queued->body;
    const std::string receipt = "/v1/events/" + queued->json().value("id", "");
    const auto refused = status("GET", receipt, "");
    EXPECT_EQ(refused, 401);
    EXPECT_EQ(status("GET", receipt, app), 200);
    EXPECT_EQ(status("GET", receipt, operators), 200);
    EXPECT_EQ(status("POST", "/2023-12/run/event", app, sample_event()), 202);
    EXPECT_EQ(status("POST", "/run/event", operators, sample_event()), 202);
    for (const auto& [method, path] :
         {std::pair("GET", "/v1/status"), std::pair("GET", "/v1/events"), std::pair("GET", "/v1/export"),
          std::pair("POST", "/v1/import"), std::pair("POST", "/v1/pause"), std::pair("POST", "/v1/resume")}) {
        SCOPED_TRACE(path);
        EXPECT_EQ(status(method, path, ""), 401);
        EXPECT_EQ(status(method, path, app), 403);
        const int allowed = status(method, path, operators);
        EXPECT_NE(allowed, 401);
        EXPECT_NE(allowed, 403);
    }
    for (const char* open : {"/livez", "/readyz", "/openapi.json"})
        EXPECT_EQ(status("GET", open, ""), 200) << open;
    EXPECT_EQ(status("GET", "/nowhere", ""), 401);
    EXPECT_EQ(status("GET", "/nowhere", app), 404);
}

TEST_F(access_to, the_daemon_without_a_token_is_a_401_that_says_what_to_do) {
    daemon.start();
    const auto answer = call("POST", "/run/event", "", sample_event());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 401);
    EXPECT_EQ(answer->header("www-authenticate"), "Bearer");
    EXPECT_EQ(answer->json()["type"], "urn:posthaste:problem:unauthorized");
    EXPECT_THAT(answer->json().value("message", ""), HasSubstr("Authorization: Bearer TOKEN"));
    EXPECT_EQ(call("GET", "/v1/status", operators)->json()["totals"]["accepted"], 0);
}

TEST_F(access_to, the_upstream_is_by_the_key_and_never_by_a_token) {
    daemon.start();
    ASSERT_EQ(status_of_post(app), 202);
    ASSERT_TRUE(upstream.wait_for_requests(1));
    const auto& sent = upstream.requests().front();
    EXPECT_EQ(sent.field("Authorization"), "Bearer " + std::string(daemon_under_test::api_key));
    EXPECT_EQ(sent.count_of("Authorization"), 1U);
    EXPECT_THAT(sent.raw, Not(HasSubstr(app)));
}

using rotated_tokens = guarded_daemon;

TEST_F(rotated_tokens, count_without_a_signal_and_no_request_is_dropped) {
    daemon.start();
    const std::string said = "the access tokens in " + tokens + " changed: ";
    std::atomic<bool> over = false;
    std::atomic<int> posted = 0;
    std::atomic<int> refused = 0;
    std::thread client([&] {
        while (!over) {
            if (status_of_post(operators) == 202)
                ++posted;
            else
                ++refused;
        }
    });
    for (const char* next : {"second", "third"}) {
        folder.write("tokens", "app " + std::string(next) + "\noperator " + operators + "\n");
        EXPECT_TRUE(wait_until([&] { return status_of_post(next) == 202; })) << daemon.log();
    }
    EXPECT_EQ(status_of_post("second"), 401);
    EXPECT_EQ(status_of_post(app), 401);
    const int before = posted;
    EXPECT_TRUE(wait_until([&] { return posted > before; }));
    over = true;
    client.join();
    EXPECT_EQ(refused, 0);
    EXPECT_TRUE(daemon.running().wait_for_output(said));
}

TEST_F(rotated_tokens, stay_as_they_were_where_the_file_is_wrong) {
    daemon.start();
    folder.write("tokens", "app " + app + "\nmarker-9\n");
    EXPECT_TRUE(daemon.running().wait_for_output("the tokens that were read before stay in use: " + tokens + ":2:1: "));
    EXPECT_EQ(status_of_post(app), 202);
    daemon.running().signal(SIGHUP);
    EXPECT_TRUE(
        daemon.running().wait_for_output("configuration not reloaded, everything goes on as before: " + tokens));
    EXPECT_EQ(status_of_post(app), 202);
    folder.write("tokens", "");
    EXPECT_TRUE(daemon.running().wait_for_output("stay in use: " + tokens + ":1:1: holds no token"));
    EXPECT_EQ(status_of_post(app), 202);
    EXPECT_EQ(status_of_post(""), 401);
    EXPECT_THAT(daemon.log(), Not(HasSubstr("marker-9")));
}

TEST_F(rotated_tokens, are_read_on_a_hangup_and_need_no_file_any_more) {
    daemon.start();
    daemon.configure({{"listen", {{"access_tokens_file", nullptr}}}});
    daemon.running().signal(SIGHUP);
    EXPECT_TRUE(daemon.running().wait_for_output("listen.access_tokens_file and the access tokens changed\n"))
        << daemon.log();
    EXPECT_EQ(status_of_post(""), 202);
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    daemon.running().signal(SIGHUP);
    EXPECT_TRUE(wait_until([&] { return status_of_post("") == 401; }));
}

TEST(tokens_file, stops_the_start_where_it_cannot_be_used) {
    const temp_folder folder;
    const auto file = folder.write("tokens", "app marker-1 marker-2\n");
    daemon_under_test daemon("http://127.0.0.1:9", {{"listen", {{"access_tokens_file", file}}}});
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(), HasSubstr(file + ":1:5: has a space in its token"));
    EXPECT_THAT(daemon.log(), Not(HasSubstr("marker")));
    folder.write("tokens", "app one\n");
    std::filesystem::permissions(file, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(), HasSubstr("is open to every user of this host (mode 0604)"));
}

TEST(addresses, are_served_at_once_over_ipv4_ipv6_and_a_unix_socket) {
    const temp_folder folder;
    const auto path = folder / "posthaste.sock";
    daemon_under_test daemon("http://127.0.0.1:9",
                             {{"listen", {{"addresses", {"unix:" + path, "[::1]:0", "127.0.0.1:0"}}}}});
    daemon.start();
    EXPECT_THAT(daemon.log(), HasSubstr("is ready on unix:" + path + ", http://[::1]:"));
    const auto six = daemon.running().wait_for_pattern(std::regex(R"(http://\[::1\]:([0-9]+))"), 1);
    ASSERT_TRUE(six);
    const auto port = static_cast<std::uint16_t>(std::stoi(*six));
    raw_socket over_six(port, "::1");
    ASSERT_TRUE(over_six.send("GET /livez HTTP/1.1\r\nHost: [::1]:" + *six + "\r\n\r\n"));
    EXPECT_EQ(over_six.read_answer()->status, 200);
    raw_socket over_unix(0, path);
    ASSERT_TRUE(over_unix.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(over_unix.read_answer()->status, 200);
    EXPECT_EQ(http_call(daemon.port(), "GET", "/livez")->status, 200);
}

TEST(addresses, of_other_machines_are_refused_without_allow_remote_and_without_tokens) {
    const temp_folder folder;
    daemon_under_test daemon("http://127.0.0.1:9", {{"listen", {{"addresses", {"0.0.0.0:0"}}}}});
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(),
                HasSubstr("listen.addresses: 0.0.0.0:0 can be reached from other machines: use 127.0.0.1"));
    daemon.configure({{"listen", {{"allow_remote", true}}}});
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), 2);
    EXPECT_THAT(daemon.log(), HasSubstr("set listen.access_tokens_file, too"));
    daemon.configure({{"listen", {{"access_tokens_file", folder.write("tokens", "app " + app + "\n")}}}});
    daemon.start();
    const auto post = [&](const std::string& host) {
        const auto answer = http_call(
            daemon.port(), "POST", "/run/event",
            {{"Host", host}, {"Authorization", "Bearer " + app}, {"Content-Type", "application/json"}}, sample_event());
        return answer ? answer->status : 0;
    };
    EXPECT_EQ(post("10.1.2.3"), 202) << "it listens on every address of this machine";
    EXPECT_EQ(post("evil.example"), 421);
}

TEST(addresses, of_all_of_ipv4_and_all_of_ipv6_share_a_port) {
    const reserved_port port;
    const std::string number = std::to_string(port.number());
    daemon_under_test daemon("http://127.0.0.1:9");
    daemon.configure({{"listen",
                       {{"addresses", {"[::]:" + number, "0.0.0.0:" + number}},
                        {"allow_remote", true},
                        {"access_tokens_file", daemon.folder().write("tokens", "app " + app + "\n")}}}});
    ASSERT_TRUE(daemon.try_start()) << daemon.log();
    for (const auto& [address, host] : {std::pair("127.0.0.1", "127.0.0.1:"), std::pair("::1", "[::1]:")}) {
        raw_socket connection(port.number(), address);
        ASSERT_TRUE(connection.send("GET /livez HTTP/1.1\r\nHost: " + std::string(host) + number + "\r\n\r\n"));
        EXPECT_EQ(connection.read_answer().value().status, 200) << address;
    }
}

class unix_socket_of_the_daemon : public testing::Test {
  protected:
    [[nodiscard]] finished run(std::vector<std::string> arguments,
                               std::vector<std::pair<std::string, std::string>> environment = {}) const {
        arguments.insert(arguments.begin(), posthaste_binary());
        return run_to_end({std::move(arguments), std::move(environment), {}, {}});
    }

    const temp_folder folder;
    const std::string path = folder / "posthaste.sock";
    const std::string token = folder.write("token", operators + "\n");
    daemon_under_test daemon{"http://127.0.0.1:9",
                             {{"listen",
                               {{"addresses", {"unix:" + path, "127.0.0.1:0"}},
                                {"access_tokens_file", folder.write("tokens", "operator " + operators + "\n")}}}}};
};

TEST_F(unix_socket_of_the_daemon, is_how_the_commands_find_it) {
    daemon.start();
    const std::vector<std::string> send = {"send", "Ticket Created", "--user", "1"};
    const auto with = [&](std::vector<std::string> more) {
        std::vector<std::string> all = send;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    EXPECT_EQ(run(with({"--server", "unix:" + path, "--token-file", token})).status, 0);
    EXPECT_EQ(run(with({"--token-file", token}), {{"POSTHASTE_SERVER", "unix:" + path}}).status, 0);
    EXPECT_EQ(run(with({"--config", daemon.configuration_path(), "--token-file", token})).status, 0);
    const auto drained = run({"drain", "--server", daemon.url(), "--token-file", token, "--timeout", "10ms"});
    EXPECT_EQ(drained.status, 1);
    EXPECT_THAT(drained.output + drained.error, HasSubstr("3"));
    const auto without = run(with({"--server", "unix:" + path}));
    EXPECT_EQ(without.status, 1);
    EXPECT_THAT(without.error, HasSubstr("--token-file"));
    const auto elsewhere = run(with({"--server", "unix:/nowhere/posthaste.sock"}));
    EXPECT_EQ(elsewhere.status, 1);
    EXPECT_THAT(elsewhere.error, HasSubstr("posthaste is not running at unix:/nowhere/posthaste.sock"));
    EXPECT_EQ(run(with({"--server", "unix:relative"})).status, 2);
    EXPECT_EQ(run(with({"--token-file", "/nowhere/token"})).status, 2);
}

TEST_F(unix_socket_of_the_daemon, is_taken_over_from_a_killed_one_and_gone_after_a_stop) {
    daemon.start();
    daemon.kill9();
    ASSERT_TRUE(std::filesystem::is_socket(path));
    daemon.start();
    raw_socket again(0, path);
    ASSERT_TRUE(again.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(again.read_answer()->status, 200);
    again.close();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(unix_socket_of_the_daemon, is_not_taken_from_a_daemon_that_lives) {
    daemon.start();
    daemon_under_test second("http://127.0.0.1:9", {{"listen", {{"addresses", {"unix:" + path}}}}});
    EXPECT_FALSE(second.try_start());
    EXPECT_EQ(second.running().wait(), 75);
    EXPECT_THAT(second.log(), HasSubstr("cannot listen on unix:" + path + ": another process listens there"));
    EXPECT_TRUE(raw_socket(0, path).connected());
}

}  // namespace
}  // namespace posthaste
