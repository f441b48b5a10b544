// A set-up that is at fault, and a person who says stop: no event is burned, and everything goes on once it is right.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/backlog.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

finished posthaste(const daemon_under_test& daemon, const std::string& command) {
    return run_to_end({{posthaste_binary(), command}, {{"POSTHASTE_SERVER", daemon.url()}}, {}, {}});
}

std::vector<std::string> post_of_users(const daemon_under_test& daemon, int users) {
    std::vector<std::string> ids;
    for (int user = 1; user <= users; ++user)
        ids.push_back(daemon.post(load_body({"user-" + std::to_string(user), 1})));
    return ids;
}

void expect_unburned(const daemon_under_test& daemon, const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
        const json event = daemon.event(id);
        EXPECT_EQ(event.at("state"), "pending");
        EXPECT_EQ(event.at("attempts"), 0) << event;
    }
}

void expect_delivered_at_first(const daemon_under_test& daemon, const std::vector<std::string>& ids) {
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    for (const std::string& id : ids) {
        const json event = daemon.event(id);
        EXPECT_EQ(event.at("state"), "delivered");
        EXPECT_EQ(event.at("attempts"), 1) << event;
    }
}

json dead_count(const daemon_under_test& daemon) {
    return daemon.status().at("queue").at("dead");
}

TEST(pause, for_a_refused_key_ends_as_soon_as_the_key_file_holds_a_right_one) {
    const temp_folder folder;
    const std::string file = folder.write("key", "first-key");
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(401)});
    upstream.answer_where("Bearer second-key", {answers(200)});
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"api_key_file", file}}}});
    daemon.start();
    const auto ids = post_of_users(daemon, 10);
    const json paused = daemon.wait_for_upstream("paused");
    ASSERT_FALSE(paused.is_null()) << daemon.status() << daemon.log();
    EXPECT_THAT(paused.at("reason").get<std::string>(), StartsWith("key-refused: the upstream answered 401"));
    EXPECT_THAT(paused.at("reason").get<std::string>(), HasSubstr("upstream.api_key_file"));
    EXPECT_TRUE(paused.at("nextProbeAt").is_string());
    expect_unburned(daemon, ids);
    EXPECT_LE(upstream.requests().size(), 4U) << "what was in flight, and no more";

    folder.write("key", "second-key");
    expect_delivered_at_first(daemon, ids);
    EXPECT_EQ(upstream.requests().back().field("Authorization"), "Bearer second-key");
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "up");
    EXPECT_EQ(count_in(daemon.log(), "delivery is paused: "), 1U) << daemon.log();
}

TEST(pause, for_a_wrong_url_kills_nothing_and_ends_with_a_reload_of_the_right_one) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("POST /wrong/", {answers(404)});
    daemon_under_test daemon(upstream.url() + "/wrong");
    daemon.start();
    const auto ids = post_of_users(daemon, 10);
    const json paused = daemon.wait_for_upstream("paused");
    ASSERT_FALSE(paused.is_null()) << daemon.status() << daemon.log();
    EXPECT_THAT(paused.at("reason").get<std::string>(), HasSubstr("check upstream.url"));
    expect_unburned(daemon, ids);
    EXPECT_EQ(dead_count(daemon), 0);
    daemon.configure({{"upstream", {{"url", upstream.url()}}}});
    daemon.running().signal(SIGHUP);
    expect_delivered_at_first(daemon, ids);
}

TEST(pause, does_not_come_of_a_404_once_something_was_delivered) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where("\"userId\": \"unknown\"", {answers(404)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state(daemon.post(sample_event()), "delivered")) << daemon.log();
    daemon.kill9();  // it is known after a crash too
    daemon.start();
    const std::string id = daemon.post(load_body({"unknown", 1}));
    ASSERT_TRUE(daemon.wait_for_state(id, "dead")) << daemon.event(id) << daemon.log();
    EXPECT_EQ(daemon.event(id).at("reason"), "rejected");
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "up");
}

TEST(pause, comes_after_twenty_rejections_and_a_person_who_resumes_is_not_stopped_again) {
    constexpr int events = 10'000;
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(422)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    import_backlog(daemon, events_of_users(100, events / 100));
    const json paused = daemon.wait_for_upstream("paused");
    ASSERT_FALSE(paused.is_null()) << daemon.status() << daemon.log();
    EXPECT_THAT(paused.at("reason").get<std::string>(), StartsWith("rejecting-everything: "));
    EXPECT_EQ(dead_count(daemon), 20);
    daemon.restart();
    EXPECT_THAT(daemon.status().at("upstream").at("reason").get<std::string>(), StartsWith("rejecting-everything: "));
    EXPECT_EQ(dead_count(daemon), 20);
    const std::size_t asked = upstream.requests().size();

    EXPECT_EQ(posthaste(daemon, "resume").status, 0);
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    EXPECT_EQ(dead_count(daemon), events);
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "up");
    EXPECT_EQ(upstream.requests().size() - asked, static_cast<std::size_t>(events) - 20) << "once each";
    EXPECT_EQ(count_in(daemon.log(), "delivery is paused: "), 1U) << "at the restart, and not again";
    EXPECT_TRUE(accounts_close(daemon));
}

TEST(pause, by_hand_keeps_back_what_was_sent_over_a_connection_that_breaks_in_it) {
    upstream_process upstream;
    upstream.start();
    answer_step silent;
    silent.what = answer_step::kind::silent;
    upstream.answer_with({answers(200), silent});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state(daemon.post(sample_event()), "delivered")) << daemon.log();
    const std::string under_way = daemon.post(sample_event());
    ASSERT_TRUE(upstream.wait_for_requests(2));
    EXPECT_EQ(posthaste(daemon, "pause").status, 0);
    upstream.stop();
    ASSERT_TRUE(wait_until([&] { return daemon.status().at("upstream").at("inFlight") == 0; })) << daemon.log();
    EXPECT_EQ(daemon.event(under_way).at("attempts"), 0) << "none that met the closed door";
    EXPECT_TRUE(daemon.event(under_way).at("lastError").is_null()) << daemon.event(under_way);
    upstream.answer_with({answers(200)});
    upstream.start();
    EXPECT_EQ(posthaste(daemon, "resume").status, 0);
    EXPECT_TRUE(daemon.wait_for_state(under_way, "delivered")) << daemon.event(under_way) << daemon.log();
    EXPECT_EQ(daemon.event(under_way).at("attempts"), 1);
}

TEST(pause, is_probed_once_at_a_hangup) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(401)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    daemon.post(load_body({"user-0", 1}));
    ASSERT_FALSE(daemon.wait_for_upstream("paused").is_null()) << daemon.status() << daemon.log();
    const std::string probed = daemon.post(load_body({"user-1", 1}));
    daemon.post(load_body({"user-2", 1}));
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(wait_until([&] { return daemon.event(probed).at("lastError").is_object(); })) << daemon.log();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(upstream.requests().size(), 2U);
}

TEST(pause, is_probed_with_one_head_after_the_other_and_a_poisoned_one_is_not_burned_meanwhile) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({answers(401)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    const std::string poisoned = daemon.post(load_body({"poisoned", 1}));
    ASSERT_FALSE(daemon.wait_for_upstream("paused").is_null()) << daemon.status() << daemon.log();
    upstream.answer_with({answers(200)});
    upstream.answer_where("\"userId\": \"poisoned\"", {answers(422)});
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(upstream.wait_for_requests(2)) << "the probe";
    ASSERT_TRUE(wait_until([&] { return daemon.event(poisoned).at("lastError").at("status") == 422; }));
    expect_unburned(daemon, {poisoned});
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "paused") << "a rejected probe ends no pause";

    const auto others = post_of_users(daemon, 3);
    // In turn: the poisoned one may be the first again, and a hangup while a probe is out asks for none of its own.
    EXPECT_TRUE(wait_until([&] {
        daemon.running().signal(SIGHUP);
        return daemon.event(others.front()).at("state") == "delivered";
    })) << daemon.log();
    for (const std::string& id : others)
        EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
    ASSERT_TRUE(daemon.wait_for_state(poisoned, "dead")) << daemon.event(poisoned) << daemon.log();
    EXPECT_EQ(daemon.event(poisoned).at("attempts"), 1);
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "up");
}

TEST(pause, by_hand_sends_nothing_while_accepting_goes_on_also_after_a_crash) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    ASSERT_EQ(posthaste(daemon, "pause").status, 0);
    auto ids = post_of_users(daemon, 10);
    daemon.kill9();
    daemon.start();
    EXPECT_THAT(daemon.status().at("upstream").at("reason").get<std::string>(), StartsWith("by-hand: "));
    daemon.running().signal(SIGHUP);  // what probes any other pause
    ids.push_back(daemon.post(sample_event("one more")));
    ASSERT_TRUE(daemon.running().wait_for_output("configuration reloaded: ")) << daemon.log();
    expect_unburned(daemon, ids);
    EXPECT_EQ(upstream.requests().size(), 0U);
    EXPECT_THAT(daemon.log(), testing::ContainsRegex("delivery is paused: by-hand: .*; 10 events wait;"));
    ASSERT_EQ(posthaste(daemon, "resume").status, 0);
    expect_delivered_at_first(daemon, ids);
    EXPECT_EQ(upstream.requests().size(), ids.size());
}

TEST(pause, ends_in_the_log_as_soon_as_somebody_ends_it_though_nothing_waits) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    for (std::size_t each = 1; each <= 3; ++each) {
        ASSERT_EQ(posthaste(daemon, "pause").status, 0);
        ASSERT_EQ(posthaste(daemon, "resume").status, 0);
        EXPECT_TRUE(wait_until([&] { return count_in(daemon.log(), "delivery is no longer paused") == each; }))
            << daemon.log();
    }
    EXPECT_EQ(count_in(daemon.log(), "delivery is paused: by-hand: "), 3U) << daemon.log();
}

}  // namespace
}  // namespace posthaste
