// A disk or a queue that is full, in mid-load: nothing more is taken, deliveries go on and are recorded, and accepting
// goes on by itself once there is room. No event is sent twice because of it.

#include <atomic>
#include <filesystem>
#include <optional>
#include <utility>

#include <gmock/gmock.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/small_disk.hpp"

namespace posthaste {

namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t MiB = 1024 * 1024;

testing::AssertionResult refuses(const daemon_under_test& daemon, const std::string& problem,
                                 const std::string& body = sample_event()) {
    const auto answer = post_event(daemon.port(), body);
    if (!answer) return testing::AssertionFailure() << "no answer: " << daemon.log();
    if (answer->status == 503 && answer->json().value("type", "") == "urn:posthaste:problem:" + problem &&
        !answer->header("retry-after").empty())
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << answer->head << "\n\n" << answer->body;
}

[[nodiscard]] bool accepts_again(const daemon_under_test& daemon, const std::string& body = sample_event("after")) {
    return wait_until([&] {
        const auto answer = post_event(daemon.port(), body);
        return answer && answer->status == 202;
    });
}

class full_disk_test : public testing::TestWithParam<small_disk::kind> {
  protected:
    void SetUp() override {
        disk.emplace(GetParam(), 32 * MiB);
        if (!disk->trouble().empty()) GTEST_SKIP() << "NOT TESTED what a full disk leads to: " << disk->trouble();
        slow.after = std::chrono::milliseconds{100};
        upstream.answer_with({slow});
        upstream.start();
    }

    [[nodiscard]] nlohmann::json with_reserve(const std::string& reserve) const {
        return {{"queue", {{"path", disk->folder() + "/outbox.db"}, {"disk_reserve", reserve}}}};
    }

    // Until so many are acknowledged: far more than the slow upstream has taken meanwhile.
    [[nodiscard]] static bool loaded(const load& users, std::size_t events) {
        return wait_until([&] { return users.acknowledged_count() >= events; });
    }

    [[nodiscard]] static bool refused(const load& users) {
        return wait_until([&] { return !users.refusals().empty(); });
    }

    // There is room again: everything comes once, now and over a crash, and the daemon is the one that was started.
    void expect_all_well(daemon_under_test& daemon, load& users) {
        disk->empty();
        EXPECT_TRUE(accepts_again(daemon)) << daemon.log();
        EXPECT_TRUE(daemon.running().wait_for_output("no new events are taken, posts get 503: the disk "));
        EXPECT_TRUE(daemon.running().wait_for_output("new events are taken again; ")) << daemon.log();
        users.finish();
        EXPECT_THAT(kinds_of_refusal(users), Each("503 disk-full"));
        upstream.answer_with({answers(200)});
        ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
        EXPECT_TRUE(accounts_close(daemon));
        EXPECT_FALSE(daemon.running().ended());
        daemon.kill9();
        EXPECT_EQ(integrity_of(daemon.outbox_path()), "ok");
        daemon.start();
        ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
        EXPECT_THAT(lost(users, upstream), IsEmpty());
        EXPECT_THAT(repeated(upstream), IsEmpty());
        EXPECT_TRUE(accounts_close(daemon));
        EXPECT_EQ(daemon.stop(), 0) << daemon.log();
    }

    std::optional<small_disk> disk;
    upstream_process upstream;
    answer_step slow;
};

}  // namespace

TEST_P(full_disk_test, under_its_reserve_takes_nothing_more_and_settles_to_the_last_byte) {
    daemon_under_test daemon(upstream.url(), with_reserve("8MiB"));
    daemon.start();
    slow.after = std::chrono::milliseconds{1000};  // much is left to settle, however slowly it was accepted
    upstream.answer_with({slow});
    load users(4, 8, [&] { return daemon.port(); });
    ASSERT_TRUE(loaded(users, 2000)) << daemon.log();
    disk->fill(6 * MiB);
    ASSERT_TRUE(wait_until([&] { return bool{refuses(daemon, "disk-full")}; })) << daemon.status();
    EXPECT_GT(daemon.status().at("queue").at("pending"), 500) << "too few are left to settle";

    disk->fill(0);
    EXPECT_LT(disk->free_bytes(), 65536u);
    upstream.answer_with({answers(200)});
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    EXPECT_LT(disk->free_bytes(), 8 * MiB) << "more than the outbox itself gave back";
    EXPECT_TRUE(refuses(daemon, "disk-full"));
    EXPECT_TRUE(accounts_close(daemon));
    expect_all_well(daemon, users);
}

TEST_P(full_disk_test, without_a_reserve_refuses_what_it_cannot_write_and_sends_nothing_twice) {
    daemon_under_test daemon(upstream.url(), with_reserve("0B"));
    daemon.start();
    load users(4, 8, [&] { return daemon.port(); });
    ASSERT_TRUE(loaded(users, 500)) << daemon.log();
    disk->fill(0);
    ASSERT_TRUE(refused(users)) << daemon.status();
    EXPECT_EQ(http_call(daemon.port(), "GET", "/livez")->status, 200);
    expect_all_well(daemon, users);
}

TEST_P(full_disk_test, without_a_reserve_takes_nothing_again_before_it_does) {
    daemon_under_test daemon(upstream.url(), with_reserve("0B"));
    daemon.start();
    disk->fill(0);
    ASSERT_TRUE(wait_until([&] { return bool{refuses(daemon, "disk-full")}; })) << daemon.status();
    ASSERT_TRUE(daemon.running().wait_for_output("no new events are taken, posts get 503: the disk "));
    const std::string again = "new events are taken again; ";
    EXPECT_FALSE(wait_until([&] { return daemon.log().find(again) != std::string::npos; }, std::chrono::seconds{3}));
    disk->empty();
    EXPECT_TRUE(accepts_again(daemon)) << daemon.log();
    EXPECT_TRUE(daemon.running().wait_for_output(again)) << daemon.log();
}

TEST_P(full_disk_test, again_and_again_loses_nothing_and_sends_nothing_twice) {
    daemon_under_test daemon(upstream.url(), with_reserve("0B"));
    daemon.start();
    load users(4, 8, [&] { return daemon.port(); });
    for (std::size_t round = 1; round <= 5; ++round) {
        ASSERT_TRUE(loaded(users, users.acknowledged_count() + 100)) << daemon.log();
        const std::size_t refusals = users.refusals().size();
        disk->fill(0);
        ASSERT_TRUE(wait_until([&] { return users.refusals().size() > refusals; })) << daemon.status();
        disk->empty();
    }
    expect_all_well(daemon, users);
}

TEST_P(full_disk_test, that_others_filled_drains_all_the_same_though_the_outbox_is_young) {
    upstream.answer_with({answers(500)});
    daemon_under_test daemon(upstream.url(), with_reserve("8MiB"));
    daemon.start();
    for (int user = 0; user < 30; ++user)
        daemon.post(sample_event("user " + std::to_string(user)));
    disk->fill(0);
    EXPECT_TRUE(daemon.running().wait_for_output("no new events are taken, posts get 503: the disk "))
        << "nobody posts, and nothing is delivered";
    upstream.answer_with({answers(200)});
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    EXPECT_LT(disk->free_bytes(), 65536u) << "the disk was not full while it drained";
    EXPECT_TRUE(refuses(daemon, "disk-full"));
    EXPECT_TRUE(accounts_close(daemon));
    disk->empty();
    EXPECT_TRUE(accepts_again(daemon)) << daemon.log();
}

TEST_P(full_disk_test, does_not_keep_a_daemon_from_starting_and_draining) {
    upstream.answer_with({answers(500)});
    daemon_under_test daemon(upstream.url(), with_reserve("8MiB"));
    daemon.start();
    for (int user = 0; user < 30; ++user)
        daemon.post(sample_event("user " + std::to_string(user)));
    disk->fill(0);
    daemon.kill9();
    daemon.start();
    EXPECT_EQ(daemon.status().at("queue").at("pending"), 30);
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
    daemon.start();
    EXPECT_TRUE(refuses(daemon, "disk-full"));
    upstream.answer_with({answers(200)});
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    EXPECT_LT(disk->free_bytes(), 65536u) << "the disk was not full while it drained";
    EXPECT_TRUE(accounts_close(daemon));
}

// 8 MiB of reserve, and 9 that a new outbox takes.
TEST_P(full_disk_test, is_told_by_check_as_a_run_will_find_it) {
    daemon_under_test daemon(upstream.url(), with_reserve("8MiB"));
    const auto check = [&] {
        return run_to_end({{posthaste_binary(), "check", "--config", daemon.configuration_path()},
                           {{"POSTHASTE_API_KEY", daemon_under_test::api_key}},
                           {},
                           {}});
    };
    disk->fill(18 * MiB);
    EXPECT_EQ(check().status, 0) << check().output;
    disk->fill(16 * MiB);
    const auto before = check();
    EXPECT_EQ(before.status, 1) << before.output;
    EXPECT_THAT(before.output, HasSubstr("less than queue.disk_reserve (8MiB) and the 9MiB that the outbox has yet to "
                                         "take: no event would be accepted\n"));
    daemon.start();
    EXPECT_TRUE(refuses(daemon, "disk-full")) << daemon.log();
    EXPECT_EQ(check().status, 1) << check().output;
    disk->empty();
    EXPECT_TRUE(accepts_again(daemon)) << daemon.log();
    EXPECT_EQ(check().status, 0) << check().output;
}

// Nobody makes room but the outbox itself.
TEST_P(full_disk_test, that_the_outbox_filled_itself_keeps_its_reserve_and_ends_with_the_backlog) {
    const std::string large = sample_event("user", std::string(300'000, 'x'));
    for (const auto& [reserve, bytes] : {std::pair("1MiB", 1 * MiB), std::pair("4MiB", 4 * MiB)}) {
        upstream.answer_with({answers(500)});
        daemon_under_test daemon(upstream.url(), with_reserve(reserve));
        daemon.start();
        ASSERT_TRUE(wait_until([&] { return bool{refuses(daemon, "disk-full", large)}; })) << daemon.status();
        EXPECT_GT(disk->free_bytes(), bytes / 2) << "of " << reserve;
        const auto longest = std::filesystem::file_size(daemon.outbox_path());
        upstream.answer_with({answers(200)});
        ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
        EXPECT_TRUE(accepts_again(daemon, large)) << daemon.status() << daemon.log();
        // With the first part that is given back the disk may be no longer low, and 16 MiB may be kept.
        EXPECT_TRUE(wait_until([&] { return std::filesystem::file_size(daemon.outbox_path()) < longest; }))
            << daemon.status();
        EXPECT_TRUE(accounts_close(daemon));
        EXPECT_EQ(daemon.stop(), 0) << daemon.log();
        for (const char* end : {"", "-wal", ".lock"})
            std::filesystem::remove(daemon.outbox_path() + end);
    }
}

std::size_t settled(const daemon_under_test& daemon) {
    return daemon.status().at("totals").at("delivered").get<std::size_t>();
}

// Cutting a file off where it ends gives back what is kept behind its end.
void give_room_back(const daemon_under_test& daemon) {
    for (const char* end : {"", "-wal"}) {
        const std::string file = daemon.outbox_path() + end;
        std::filesystem::resize_file(file, std::filesystem::file_size(file));
    }
}

// As on a file system that cannot keep room: the log is too short yet for settlements to find a place in it.
TEST_P(full_disk_test, without_room_kept_sends_nothing_new_while_what_became_of_events_cannot_be_written) {
    answer_step later = answers(429);
    later.headers = {{"Retry-After", sanitized ? "12" : "3"}};
    upstream.answer_with({later, answers(200)});
    daemon_under_test daemon(upstream.url(), with_reserve("0B"));
    daemon.start();
    std::string batch = "[" + sample_event("user 0");
    for (int user = 1; user < 1000; ++user)
        batch += "," + sample_event("user " + std::to_string(user));
    const auto taken =
        http_call(daemon.port(), "POST", "/run/events", {{"Content-Type", "application/json"}}, batch + "]");
    ASSERT_TRUE(taken && taken->status == 202) << daemon.log();
    ASSERT_FALSE(daemon.wait_for_upstream("held").is_null()) << daemon.status();
    ASSERT_TRUE(wait_until([&] { return settled(daemon) + 1 == upstream.requests().size(); })) << daemon.status();
    give_room_back(daemon);
    disk->fill(0);

    EXPECT_TRUE(daemon.running().wait_for_output("what became of events cannot be recorded, so nothing more is sent"));
    EXPECT_FALSE(wait_until([&] { return upstream.requests().size() > 100; }, std::chrono::seconds{3}));
    disk->empty();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    EXPECT_EQ(upstream.requests().size(), 1001U) << "each once, and the one that was told to come later again";
}

INSTANTIATE_TEST_SUITE_P(, full_disk_test, testing::Values(small_disk::kind::tmpfs, small_disk::kind::ext4),
                         [](const auto& known) { return known.param == small_disk::kind::tmpfs ? "tmpfs" : "ext4"; });

TEST(full_queue, at_max_events_refuses_and_takes_again_once_it_has_drained) {
    upstream_process upstream;
    daemon_under_test daemon(upstream.url(), {{"queue", {{"max_events", 50}}}});
    daemon.start();
    for (int event = 0; event < 50; ++event)
        daemon.post(sample_event());
    EXPECT_TRUE(refuses(daemon, "queue-full"));
    EXPECT_TRUE(
        daemon.running().wait_for_output("no new events are taken, posts get 503: the queue is full (50 events"));
    upstream.start();
    EXPECT_TRUE(daemon.running().wait_for_output("new events are taken again; 1 request was refused meanwhile"))
        << daemon.log();
    EXPECT_TRUE(accepts_again(daemon)) << daemon.log();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    EXPECT_THAT(repeated(upstream), IsEmpty());
    EXPECT_EQ(upstream.requests().size(), 51u);
}

TEST(full_queue, at_max_bytes_refuses_and_takes_again_once_it_has_drained) {
    upstream_process upstream;
    daemon_under_test daemon(upstream.url(), {{"queue", {{"max_bytes", "1MiB"}}}});
    daemon.start();
    const std::string large = sample_event("user", std::string(100'000, 'x'));
    for (int event = 0; event < 10; ++event)
        daemon.post(large);
    EXPECT_TRUE(refuses(daemon, "queue-full", large));
    EXPECT_EQ(daemon.status().at("notReady"), nlohmann::json({"queue-full"})) << "though a smaller one may find room";
    EXPECT_EQ(http_call(daemon.port(), "GET", "/readyz")->status, 503);
    EXPECT_TRUE(daemon.running().wait_for_output("no new events are taken, posts get 503: the queue is full"));
    EXPECT_NE(daemon.post(sample_event()), "");
    EXPECT_EQ(http_call(daemon.port(), "GET", "/readyz")->status, 200) << "one was taken";
    EXPECT_TRUE(refuses(daemon, "queue-full", large));
    upstream.start();
    EXPECT_TRUE(wait_until([&] { return daemon.status().at("queue").at("bytes") < 900'000; })) << daemon.log();
    EXPECT_NE(daemon.post(large), "");
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    EXPECT_EQ(daemon.status().at("queue").at("bytes"), 0);
    EXPECT_EQ(daemon.status().at("notReady"), nlohmann::json::array());
    EXPECT_EQ(upstream.requests().size(), 12u);
}

}  // namespace posthaste
