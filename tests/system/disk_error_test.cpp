// A write or a sync that fails once: what waits for it is refused, the process ends with 74 at once, and every event
// that was ever acknowledged is there after a restart, and after a power cut behind that.

#include <atomic>
#include <optional>

#include <gmock/gmock.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/fault_injection.hpp"
#include "tests/system/support/power_cut_disk.hpp"

namespace posthaste {

namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int write_failed = 74;

planned_fault eio(const std::string& call, int when, const std::string& file = "") {
    return {call, "error=EIO", when, file};
}

std::string shown(const planned_fault& fault) {
    return fault.call + " number " + std::to_string(fault.when) + (fault.file.empty() ? "" : " on " + fault.file);
}

// A daemon under load that meets a failing disk. Until the failure the upstream answers nothing: there are no outcomes
// to write, and every commit is one that clients wait for.
class failing_disk_test : public testing::Test {
  protected:
    void SetUp() override {
        if (!no_fault_injection().empty())
            GTEST_SKIP() << "NOT TESTED what a failed write leads to: " << no_fault_injection();
        upstream.answer_with({does(answer_step::kind::silent)});
        upstream.start();
    }

    // Until the daemon has ended by itself, by what `fail` did to it.
    template <class Fail>
    void load_until_it_ends(daemon_under_test& daemon, load& users, Fail&& fail) {
        const std::size_t enough = users.acknowledged_count() + 50;
        ASSERT_TRUE(wait_until([&] { return users.acknowledged_count() >= enough; })) << daemon.log();
        [[maybe_unused]] const auto fault = fail();
        EXPECT_EQ(daemon.running().wait(), write_failed) << daemon.log();
        port = 0;
        EXPECT_THAT(daemon.log(), HasSubstr("stopping at once"));
        EXPECT_THAT(daemon.log(), HasSubstr("Check the disk"));
    }

    void load_until(daemon_under_test& daemon, load& users, const planned_fault& fault) {
        load_until_it_ends(daemon, users,
                           [&] { return std::make_unique<fault_injection>(daemon.running().id(), "store", fault); });
    }

    void start(daemon_under_test& daemon) {
        daemon.start();
        port = daemon.port();
    }

    // The disk is well again: everything comes, as it was posted.
    void expect_nothing_lost(daemon_under_test& daemon, load& users) {
        upstream.answer_with({answers(200)});
        start(daemon);
        users.finish();
        EXPECT_THAT(kinds_of_refusal(users), Each("503 store-unavailable"));
        ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
        EXPECT_THAT(lost(users, upstream), IsEmpty());
        EXPECT_TRUE(accounts_close(daemon));
        EXPECT_EQ(daemon.stop(), 0) << daemon.log();
        EXPECT_EQ(integrity_of(daemon.outbox_path()), "ok");
    }

    upstream_process upstream;
    std::atomic<std::uint16_t> port = 0;
};

// The same over a power cut.
class failing_power_cut_disk : public failing_disk_test {
  protected:
    void SetUp() override {
        failing_disk_test::SetUp();
        if (IsSkipped()) return;
        disk.emplace(64 * 1024 * 1024);
        if (!disk->trouble().empty())
            GTEST_SKIP() << "NOT TESTED what a failed write and a power cut lose: " << disk->trouble();
    }

    [[nodiscard]] nlohmann::json on_disk() const { return {{"queue", {{"path", disk->folder() + "/outbox.db"}}}}; }

    void cut_power(daemon_under_test& daemon) {
        port = 0;
        disk->cut();
        daemon.kill9();
        disk->bring_back();
        EXPECT_EQ(integrity_of(daemon.outbox_path()), "ok");
    }

    std::optional<power_cut_disk> disk;
};

}  // namespace

TEST_F(failing_disk_test, a_lone_event_whose_write_or_sync_fails_is_answered_503_and_the_daemon_ends) {
    for (const char* call : {"fdatasync", "pwrite64"}) {
        SCOPED_TRACE(call);
        daemon_under_test daemon(upstream.url());
        daemon.start();
        const std::string before = daemon.post(sample_event("before"));
        {
            const fault_injection fault(daemon.running().id(), "store", eio(call, 1));
            const auto answer = post_event(daemon.port(), sample_event("refused"));
            ASSERT_TRUE(answer) << daemon.log();
            EXPECT_EQ(answer->status, 503);
            EXPECT_EQ(answer->json().value("type", ""), "urn:posthaste:problem:store-unavailable");
            EXPECT_NE(answer->header("retry-after"), "");
            EXPECT_EQ(daemon.running().wait(), write_failed) << daemon.log();
        }
        daemon.start();
        EXPECT_EQ(daemon.event(before).value("state", ""), "pending");
        daemon.kill9();
    }
}

TEST_F(failing_disk_test, whatever_call_fails_under_load_nothing_acknowledged_is_lost) {
    daemon_under_test daemon(upstream.url());
    load users(4, 3, [this] { return port.load(); });
    const std::string database = daemon.outbox_path();  // its own file is written by checkpoints only
    for (const planned_fault& fault :
         {eio("fdatasync", 1), eio("pwrite64", 1), eio("fdatasync", 7), eio("pwrite64", 8), eio("pwrite64", 9),
          eio("pwrite64", 1, database), eio("pwrite64", 5, database), eio("fdatasync", 1, database)}) {
        SCOPED_TRACE(shown(fault));
        start(daemon);
        ASSERT_NO_FATAL_FAILURE(load_until(daemon, users, fault));
    }
    EXPECT_THAT(users.refusals(), Not(IsEmpty()));
    expect_nothing_lost(daemon, users);
}

TEST_F(failing_disk_test, a_start_that_meets_a_failing_write_ends_with_74_and_harms_nothing) {
    daemon_under_test daemon(upstream.url());
    std::vector<std::string> ids;
    for (const char* call : {"fdatasync", "pwrite64"}) {
        int failed = 0;
        for (int when = 1; when <= 12; ++when) {
            SCOPED_TRACE(shown(eio(call, when)));
            daemon.run_under({});
            daemon.start();
            ids.push_back(daemon.post(sample_event()));
            daemon.kill9();
            daemon.run_under(strace_with(eio(call, when)));
            if (daemon.try_start()) {
                daemon.kill9();
                continue;
            }
            ++failed;
            EXPECT_EQ(daemon.running().wait(), write_failed) << daemon.log();
            EXPECT_THAT(daemon.log(), HasSubstr("check the disk"));
        }
        EXPECT_GT(failed, 0) << "no start met a failing " << call;
    }
    daemon.run_under({});
    daemon.start();
    for (const std::string& id : ids)
        EXPECT_EQ(daemon.event(id).value("state", ""), "pending") << id;
    EXPECT_TRUE(accounts_close(daemon));
}

// strace's EIO leaves the pages in the cache, and the device as it was: what counts is what the daemon does next.
TEST_F(failing_power_cut_disk, a_failed_call_a_restart_and_a_power_cut_lose_nothing_acknowledged) {
    daemon_under_test daemon(upstream.url(), on_disk());
    load users(4, 3, [this] { return port.load(); });
    for (const planned_fault& fault :
         {eio("fdatasync", 1), eio("pwrite64", 1), eio("fdatasync", 7), eio("pwrite64", 8)}) {
        SCOPED_TRACE(shown(fault));
        start(daemon);
        ASSERT_NO_FATAL_FAILURE(load_until(daemon, users, fault));
        start(daemon);
        cut_power(daemon);
    }
    expect_nothing_lost(daemon, users);
}

// Here the device itself fails for a moment: the kernel drops what it could not write, and the next sync reports
// success.
TEST_F(failing_power_cut_disk, a_device_that_fails_for_a_moment_a_restart_and_a_power_cut_lose_nothing_acknowledged) {
    daemon_under_test daemon(upstream.url(), on_disk());
    load users(4, 3, [this] { return port.load(); });
    int restarts = 0;
    for (int round = 0; round < 5; ++round) {
        start(daemon);
        ASSERT_NO_FATAL_FAILURE(load_until_it_ends(daemon, users, [&] { return disk->fail(true), 0; }));
        disk->fail(false);
        if (daemon.try_start()) {  // not where ext4 has made itself read-only
            port = daemon.port();
            ++restarts;
            const std::size_t enough = users.acknowledged_count() + 20;
            EXPECT_TRUE(wait_until([&] { return users.acknowledged_count() >= enough; })) << daemon.log();
        }
        cut_power(daemon);
    }
    std::printf("%d of 5 restarts found the file system writable\n", restarts);
    expect_nothing_lost(daemon, users);
}

}  // namespace posthaste
