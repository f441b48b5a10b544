// `posthaste sandbox`: its faults over a real socket, its key, its configuration, its Slack webhook.

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::Not;

class running_sandbox {
  public:
    explicit running_sandbox(std::vector<std::string> arguments = {}) : process_(options(std::move(arguments))) {
        const auto found = process_.wait_for_pattern(std::regex(R"(listens on http://127\.0\.0\.1:([0-9]+))"), 1);
        EXPECT_TRUE(found) << process_.output();
        if (found) port_ = static_cast<std::uint16_t>(std::stoi(*found));
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] posthaste::process& process() { return process_; }

    [[nodiscard]] std::optional<http_answer> run_event(const std::string& body = sample_event(),
                                                       const std::string& id = "") const {
        http_headers headers = {{"Authorization", "Bearer any"}, {"Content-Type", "application/json"}};
        if (!id.empty()) headers.emplace_back("Idempotency-Key", id);
        return http_call(port_, "POST", "/run/event", headers, body);
    }

    void put_faults(const std::string& faults) const {
        const auto answer = http_call(port_, "PUT", "/faults", {}, faults);
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->status, 200) << answer->body;
    }

    [[nodiscard]] std::size_t messages() const { return http_call(port_, "GET", "/messages")->json().size(); }

  private:
    static process_options options(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {posthaste_binary(), "sandbox", "--listen", "127.0.0.1:0"});
        return {std::move(arguments), {}, {}, {}};
    }

    posthaste::process process_;
    std::uint16_t port_ = 0;
};

TEST(sandbox_faults, a_failed_event_is_not_taken_and_says_when_to_come_back) {
    const running_sandbox sandbox({"--fail-rate", "1", "--status", "429", "--retry-after", "7"});
    const auto answer = sandbox.run_event();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 429);
    EXPECT_EQ(answer->header("retry-after"), "7");
    EXPECT_NE(answer->json().value("message", ""), "");
    EXPECT_EQ(sandbox.messages(), 0u);
}

TEST(sandbox_faults, a_dropped_event_was_taken_and_its_repeat_runs_nothing_twice) {
    const running_sandbox sandbox({"--drop-rate", "1"});
    EXPECT_FALSE(sandbox.run_event(sample_event(), "id-1"));
    EXPECT_EQ(sandbox.messages(), 1u);
    sandbox.put_faults("{}");
    EXPECT_EQ(sandbox.run_event(sample_event(), "id-1")->status, 200);
    EXPECT_EQ(sandbox.messages(), 1u);
}

TEST(sandbox_faults, an_answer_can_be_the_last_of_its_connection) {
    const running_sandbox sandbox;
    const std::string request = request_text("GET", "/users/ada", {{"Authorization", "bearer k"}}, "", sandbox.port());
    raw_socket connection(sandbox.port());
    connection.send(request);
    EXPECT_EQ(connection.read_answer()->header("connection"), "");
    sandbox.put_faults(R"({"close_rate": 1})");
    connection.send(request);
    EXPECT_EQ(connection.read_answer()->header("connection"), "close");
    EXPECT_TRUE(connection.closed_by_peer());
}

TEST(sandbox_faults, what_waits_for_its_latency_is_answered_when_the_sandbox_stops) {
    running_sandbox sandbox({"--latency", "10m"});
    raw_socket connection(sandbox.port());
    connection.send(
        request_text("POST", "/run/event", {{"Authorization", "bearer k"}}, sample_event(), sandbox.port()));
    EXPECT_TRUE(sandbox.process().wait_for_output("New ticket *Refund request*"));
    sandbox.process().signal(SIGTERM);
    const auto answer = connection.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(sandbox.process().wait(), 0) << sandbox.process().output();
}

TEST(sandbox_faults, stay_as_they_were_when_they_are_put_wrong) {
    const running_sandbox sandbox({"--fail-rate", "1"});
    const auto answer = http_call(sandbox.port(), "PUT", "/faults", {}, R"({"fail_rat": 0, "status": 99})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 400);
    EXPECT_THAT(answer->body, HasSubstr("fail_rat"));
    EXPECT_THAT(answer->body, HasSubstr("status"));
    EXPECT_EQ(http_call(sandbox.port(), "GET", "/faults")->json().at("fail_rate"), 1);
    EXPECT_EQ(sandbox.run_event()->status, 503);
}

TEST(sandbox, asks_for_the_key_of_its_file) {
    const temp_folder folder;
    const running_sandbox sandbox({"--key-file", folder.write("key", "secret\n")});
    EXPECT_EQ(sandbox.run_event()->status, 401);
    const auto answer =
        http_call(sandbox.port(), "GET", "/2023-12/users/ada%40example.com", {{"Authorization", "bearer secret"}});
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->json().at("username"), "ada@example.com");
    EXPECT_EQ(answer->json().at("userId").get<std::string>().size(), 14u);
}

TEST(sandbox, lists_every_problem_with_what_it_was_given) {
    const temp_folder folder;
    const std::string config = folder.write("sandbox.json", R"({"workflow": [], "events": 7})");
    const finished ended =
        run_to_end({{posthaste_binary(), "sandbox", "--config", config, "--key-file", folder / "gone", "--listen",
                     "0.0.0.0:1", "--fail-rate", "2", "--latency", "soon"},
                    {},
                    {},
                    {}});
    EXPECT_EQ(ended.status, 2);
    for (const char* told : {"sandbox.json:1:2: workflow: unknown key", "events: expected",
                             "--key-file: ", "--listen: ", "fail_rate: expected", "--latency: expected"})
        EXPECT_THAT(ended.error, HasSubstr(told));
}

class sandbox_webhook : public testing::Test {
  protected:
    // A sandbox whose one workflow posts to `slack_`.
    void start() {
        slack_.start();
        const std::string url = folder_.write("webhook", slack_.url() + "/services/T/B/X\n");
        sandbox_ = std::make_unique<running_sandbox>(std::vector<std::string>{"--config", configuration_with(url)});
    }

    std::string configuration_with(const std::string& url_file) {
        const nlohmann::json config = {
            {"workflows",
             {{{"event", "Ticket Created"},
               {"slack",
                {{"channel", "#support"}, {"message", "New *{{ticketName}}*"}, {"webhook_url_file", url_file}}}}}}};
        return folder_.write("sandbox.json", config.dump());
    }

    temp_folder folder_;
    upstream_process slack_;
    std::unique_ptr<running_sandbox> sandbox_;
};

TEST_F(sandbox_webhook, gets_each_message_in_order_as_json) {
    start();
    for (const char* ticket : {"one <b>", "two"})
        EXPECT_TRUE(sandbox_->run_event(sample_event("u", ticket)));
    ASSERT_TRUE(slack_.wait_for_requests(2)) << sandbox_->process().output();
    EXPECT_EQ(slack_.requests()[0].path, "/services/T/B/X");
    EXPECT_EQ(slack_.requests()[0].field("content-type"), "application/json");
    EXPECT_EQ(slack_.requests()[0].field("authorization"), "") << "the API key stays here";
    EXPECT_EQ(slack_.requests()[0].body, R"({"text": "New *one &lt;b&gt;*"})");
    EXPECT_EQ(slack_.requests()[1].body, R"({"text": "New *two*"})");
}

TEST_F(sandbox_webhook, whose_file_is_open_to_every_user_is_refused_with_the_command_that_mends_it) {
    const std::string file = folder_.write("the webhook", "https://slack.example/services/T/B/X\n");
    std::filesystem::permissions(file, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
    const finished ended =
        run_to_end({{posthaste_binary(), "sandbox", "--config", configuration_with(file)}, {}, {}, {}});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.error, HasSubstr("is open to every user of this host"));
    EXPECT_THAT(ended.error, HasSubstr("run  chmod o= '" + file + "'"));
    EXPECT_THAT(ended.error, Not(HasSubstr("/services/")));
}

TEST_F(sandbox_webhook, that_refuses_a_message_is_logged_without_its_url) {
    start();
    slack_.answer_with({answers(403, 1), answers(200)});
    EXPECT_EQ(sandbox_->run_event(sample_event("u", "one"))->status, 200);
    EXPECT_TRUE(sandbox_->process().wait_for_output("Slack answered 403")) << sandbox_->process().output();
    EXPECT_THAT(sandbox_->process().output(), Not(HasSubstr("/services/")));
    EXPECT_EQ(sandbox_->run_event(sample_event("u", "two"))->status, 200);
    EXPECT_TRUE(slack_.wait_for_requests(2)) << "the first one was not tried again";
    EXPECT_EQ(slack_.requests()[1].body, R"({"text": "New *two*"})");
}

}  // namespace
}  // namespace posthaste
