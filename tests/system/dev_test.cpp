// `posthaste dev` and `posthaste sandbox`: from a posted event to the Slack message that came of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"

namespace posthaste {

namespace {

constexpr const char* slack_message = "New ticket *Refund request* from ada@example.com: Please help";

std::uint16_t port_in(process& running, const char* pattern) {
    const auto found = running.wait_for_pattern(std::regex(pattern), 1);
    EXPECT_TRUE(found) << running.output();
    return found ? static_cast<std::uint16_t>(std::stoi(*found)) : std::uint16_t{0};
}

class dev : public testing::Test {
  protected:
    void start() {
        running_ = std::make_unique<process>(process_options{
            {posthaste_binary(), "dev", "--listen", "127.0.0.1:0", "--data", folder_ / "data"}, {}, {}, {}});
        port_ = port_in(*running_, R"(takes events on http://127\.0\.0\.1:([0-9]+))");
        sandbox_port_ = port_in(*running_, R"(sandbox on http://127\.0\.0\.1:([0-9]+))");
    }

    std::string state_of(const std::string& id) const {
        const auto answer = http_call(port_, "GET", "/v1/events/" + id);
        return answer ? answer->json().value("state", "") : "";
    }

    temp_folder folder_;
    std::unique_ptr<process> running_;
    std::uint16_t port_ = 0;
    std::uint16_t sandbox_port_ = 0;
};

}  // namespace

TEST_F(dev, delivers_the_sample_event_and_prints_its_message) {
    start();
    EXPECT_TRUE(running_->wait_for_output("curl ")) << "it shows what to try";
    const auto answer = post_event(port_, sample_event());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 202) << answer->body;
    EXPECT_TRUE(running_->wait_for_output(slack_message)) << running_->output();
    const std::string id = answer->json().at("id");
    EXPECT_TRUE(wait_until([&] { return state_of(id) == "delivered"; })) << running_->output();
    const auto messages = http_call(sandbox_port_, "GET", "/messages");
    ASSERT_TRUE(messages);
    EXPECT_NE(messages->body.find(slack_message), std::string::npos) << messages->body;
    running_->signal(SIGINT);
    EXPECT_EQ(running_->wait(), 0) << running_->output();
}

TEST_F(dev, refuses_a_sample_event_that_is_not_its_schemas) {
    start();
    const auto answer = post_event(port_, R"({"event": "Ticket Created", "userId": "u", "data": {"ticketName": 7}})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 422) << answer->body;
    EXPECT_EQ(answer->json().at("type"), "urn:posthaste:problem:schema-mismatch");
    EXPECT_EQ(answer->json().at("errors").size(), 3u) << answer->body;
}

TEST_F(dev, an_event_outlives_faults_and_a_kill) {
    start();
    const std::string faults = R"({"fail_rate": 1})";
    ASSERT_EQ(http_call(sandbox_port_, "PUT", "/faults", {{"Content-Type", "application/json"}}, faults)->status, 200);
    const auto answer = post_event(port_, sample_event());
    ASSERT_TRUE(answer);
    const std::string id = answer->json().at("id");
    EXPECT_EQ(state_of(id), "pending");
    running_->signal(SIGKILL);
    running_->wait();
    EXPECT_EQ(running_->output().find(slack_message), std::string::npos);
    start();
    EXPECT_TRUE(running_->wait_for_output(slack_message)) << running_->output();
    EXPECT_TRUE(wait_until([&] { return state_of(id) == "delivered"; })) << running_->output();
}

TEST_F(dev, shows_the_sandboxs_words_as_they_are) {
    start();
    const std::string faults = R"({"fail_rate": 1, "status": 400})";
    ASSERT_EQ(http_call(sandbox_port_, "PUT", "/faults", {{"Content-Type", "application/json"}}, faults)->status, 200);
    const auto answer = post_event(port_, sample_event());
    ASSERT_TRUE(answer);
    const std::string id = answer->json().at("id");
    ASSERT_TRUE(wait_until([&] { return state_of(id) == "dead"; })) << running_->output();
    const auto event = http_call(port_, "GET", "/v1/events/" + id);
    EXPECT_THAT(event.value().body, testing::HasSubstr("The sandbox fails this request on purpose"));
}

TEST_F(dev, names_its_own_options_to_one_that_is_started_twice) {
    start();
    const auto again = [&](const std::string& listen, const std::string& data) {
        process second({{posthaste_binary(), "dev", "--listen", listen, "--data", folder_ / data}, {}, {}, {}});
        EXPECT_EQ(second.wait(), 75);
        return second.output();
    };
    const std::string taken = "127.0.0.1:" + std::to_string(port_);
    EXPECT_THAT(
        again(taken, "other"),
        testing::HasSubstr("stop it, or name another address (listen.addresses; of dev and sandbox: --listen)\n"));
    EXPECT_THAT(again("127.0.0.1:0", "data"),
                testing::HasSubstr("stop that one first, or name another one (queue.path; of dev: --data)\n"));
    process sandbox({{posthaste_binary(), "sandbox", "--listen", taken}, {}, {}, {}});
    EXPECT_EQ(sandbox.wait(), 75);
    EXPECT_THAT(sandbox.output(), testing::HasSubstr("; of dev and sandbox: --listen)\n"));
}

TEST(sandbox, answers_as_the_upstream_does_to_a_daemon_of_its_own) {
    process sandbox({{posthaste_binary(), "sandbox", "--listen", "127.0.0.1:0"}, {}, {}, {}});
    const std::uint16_t port = port_in(sandbox, R"(listens on http://127\.0\.0\.1:([0-9]+))");
    daemon_under_test daemon("http://127.0.0.1:" + std::to_string(port));
    daemon.start();
    const std::string id = daemon.post(sample_event(), "/2023-12/run/event");
    EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    EXPECT_TRUE(sandbox.wait_for_output(slack_message)) << sandbox.output();
    const std::string wrong = daemon.post(R"({"event": "Ticket Created", "userId": "u", "data": {}})");
    EXPECT_TRUE(daemon.wait_for_state(wrong, "dead")) << daemon.event(wrong) << daemon.log();
    sandbox.signal(SIGTERM);
    EXPECT_EQ(sandbox.wait(), 0) << sandbox.output();
}

}  // namespace posthaste
